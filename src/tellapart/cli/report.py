"""`tellapart report`."""

from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="The page. Default: report.html in RUN, replaced."),
    ] = None,
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the page about a run: what it came to, and how far to believe it.

    One HTML file that needs nothing else. `train` writes it too; made anew, it also tells
    what `inspect` has found in the data since.

    \b
    Example:
      tellapart report runs/fashion-mnist-1
    """
    from tellapart.workflow.report import report as work

    path = work(run, output=output, trust=trust, backend=backend, quiet=quiet)
    if json:
        show_json({"report": str(path)})
    else:
        show(f"report: {path}")
