"""`tellapart serve`."""

from typing import Annotated

import typer

from tellapart.cli import options


def serve(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL…", help="Bundles: PATH or NAME=PATH.")
    ],
    host: Annotated[
        str, typer.Option(help="The address; one that others reach needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            help="What requests must bring. Better: TELLAPART_TOKEN, which others cannot list."
        ),
    ] = None,
    keep_unsure: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Keep unsure pictures, and a file to label them in."),
    ] = None,
    max_body: Annotated[
        int | None, typer.Option(metavar="MIB", min=1, help="Of one request. Default: 32.")
    ] = None,
    trust: options.Trust = False,
    backend: options.Runtime = None,
    quiet: options.Quiet = False,
) -> None:
    """Serve classifiers over HTTP: a page to drop pictures on, and an interface for programs.

    Ends on Ctrl-C or SIGTERM, when every request that was accepted is answered. A bundle that
    is replaced is taken over without a pause; a damaged one is refused.

    \b
    Examples:
      tellapart serve runs/fashion-mnist-1/model.tellapart
      tellapart serve clothes=runs/fashion-mnist-1/model.tellapart pets.tellapart --port 8080
      TELLAPART_TOKEN=$(openssl rand -hex 16) tellapart serve pets.tellapart --host 0.0.0.0
      curl --data-binary @shirt.png http://127.0.0.1:8000/v1/predict
    """
    from tellapart.workflow.serve import serve as run

    run(
        models,
        host=host,
        port=port,
        token=token,
        keep_unsure=keep_unsure,
        max_body=None if max_body is None else max_body * 2**20,
        backend=backend,
        trust=trust,
        quiet=quiet,
    )
