"""`tellapart explain`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json, show_table
from tellapart.errors import DataError

if TYPE_CHECKING:
    from tellapart.explain.explanation import ExplanationRecord


def explain(
    model: options.Model,
    images: Annotated[
        list[str],
        typer.Argument(help="Pictures, folders, patterns, tables, archives, or - (stdin)."),
    ],
    method: Annotated[
        str | None,
        typer.Option(
            help="cam, grad-cam, hires-cam or occlusion. Default: occlusion for small pictures, "
            "else what the network allows."
        ),
    ] = None,
    class_name: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="Default: the most probable class."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE|DIR", help="Where the drawings go (PNG). Default: here."
        ),
    ] = None,
    array: Annotated[
        bool, typer.Option("--array", help="Write each map as .npy beside its drawing.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check/--no-check", help="Find out whether the map means anything."),
    ] = True,
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show which pixels decided, and whether that means anything.

    Draws each picture beside itself under a heat map. A picture that cannot be read gets an
    error row; the others are explained, and the exit code is 3.

    \b
    Examples:
      tellapart explain runs/fashion-mnist-1/model.tellapart shirt.png
      tellapart explain runs/fashion-mnist-1/model.tellapart shirt.png --class Coat -o coat.png
      tellapart explain runs/fashion-mnist-1/model.tellapart photos/ --method occlusion -o maps/
    """
    from tellapart.predict.inputs import expand_paths
    from tellapart.progress import open_progress
    from tellapart.workflow.explain import explain_files
    from tellapart.workflow.predict import open_model

    items = expand_paths(images, options.standard_input(images))
    predictor = open_model(model, trust=trust, backend=backend)
    records: list[ExplanationRecord] = []
    with open_progress(quiet=quiet).task("explaining", len(items), "images") as task:
        for record in explain_files(
            predictor,
            items,
            output,
            method=method,
            class_name=class_name,
            check=check,
            array=array,
        ):
            records.append(record)
            task.advance()
    if json:
        show_json(records)
    else:
        _show(records)
    failed = sum(record.error is not None for record in records)
    if failed:
        raise DataError(
            f"Pictures that cannot be read: {failed:,} of {len(records):,}; see their rows."
        )


def _show(records: Sequence["ExplanationRecord"]) -> None:
    rows = [
        (
            record.name,
            record.label or "error",
            f"{record.probability:.1%}" if record.probability is not None else "",
            record.method or "",
            record.error or ", ".join(filter(None, (record.picture, record.array))),
        )
        for record in records
    ]
    show_table(("image", "class", "probability", "method", "file"), rows, numbers=(2,))
    for record in records:
        if record.verdict:
            show(f"{record.name}: {record.verdict}")
