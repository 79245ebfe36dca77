"""`tellapart export`."""

from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json


def export(
    model: options.Model,
    to: Annotated[
        str, typer.Option("--to", help="onnx, saved_model, litert, keras or openvino.")
    ] = "onnx",
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Default: beside the classifier."),
    ] = None,
    any_size: Annotated[
        bool,
        typer.Option(
            "--any-size", help="Make pictures of any size fit (onnx; a SavedModel always can)."
        ),
    ] = False,
    int8: Annotated[
        bool,
        typer.Option("--int8", help="Compute in 8 bits, if that is as accurate (onnx)."),
    ] = False,
    golden: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Write pictures, what must come out, and programs that compare."
        ),
    ] = None,
    card: Annotated[
        bool, typer.Option("--card", help="Write a model card, README.md, beside the file.")
    ] = False,
    trust: options.Trust = False,
    backend: options.Backend = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Write a classifier in another format, and prove that it answers alike.

    The file is opened in its own runtime in a fresh process and asked about real images. If
    one gets another class or verdict, or a probability is off by more than 1e-5, the file is
    removed and the exit code is 4. Nothing is overwritten.

    \b
    Examples:
      tellapart export runs/fashion-mnist-1/model.tellapart --to onnx
      tellapart export runs/fashion-mnist-1/model.tellapart --to onnx --any-size -o any.onnx
      tellapart export runs/fashion-mnist-1/model.tellapart --to onnx --golden golden
    """
    from tellapart.workflow.export import export as work

    found = work(
        model,
        to,
        output=output,
        any_size=any_size,
        int8=int8,
        golden=golden,
        card=card,
        trust=trust,
        backend=backend,
        quiet=quiet,
    )
    if json:
        show_json(found)
    else:
        show(str(found))
