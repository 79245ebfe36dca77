"""`tellapart evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json


def evaluate(
    model: options.Model,
    source: Annotated[str, typer.Argument(help="What to score it on: a name, folder or .npz.")],
    split: Annotated[
        str | None, typer.Option(help="Which split; default: test, or all where there is none.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Write the record there too (JSON).")
    ] = None,
    check_leaks: Annotated[
        bool | None,
        typer.Option(
            "--check-leaks/--no-check-leaks",
            help="Score again without images that have a copy in training. Default: up to "
            "20,000 images, where the data have a training split of their own.",
            show_default=False,
        ),
    ] = None,
    trust: options.Trust = False,
    data: options.DataFolder = None,
    backend: options.Backend = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score a classifier on pictures whose classes are known.

    Shows loss, accuracy with its 95 % interval, every class, and the most confused pairs.

    \b
    Example:
      tellapart evaluate runs/fashion-mnist-1/model.tellapart fashion-mnist
    """
    from tellapart.cli.scores import show_evaluation
    from tellapart.files import write_numbered
    from tellapart.workflow.evaluate import evaluate as work
    from tellapart.workflow.inspect import load

    samples = load(source, data_folder=data, quiet=quiet)
    found = work(
        model,
        samples,
        split=split,
        check_leaks=check_leaks,
        trust=trust,
        backend=backend,
        quiet=quiet,
    )
    if json:
        show_json(found)
    else:
        show_evaluation(found)
    if output is not None:
        path = write_numbered(Path(output), found.to_json().encode())
        if not json:
            show(f"record: {path}")
