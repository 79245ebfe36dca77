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
    trust: options.Trust = False,
    strict: options.Strict = False,
    no_cache: options.NoCache = False,
    column: options.Columns = None,
    root: options.Root = None,
    label_from: options.LabelFrom = "",
    group: options.Group = "",
    data: options.DataFolder = None,
    backend: options.Backend = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score a classifier on pictures whose classes are known.

    Shows loss, accuracy with its 95 % interval, every class, and the most confused pairs.
    The pictures are read as `train` reads them; unreadable ones are skipped and listed.

    \b
    Examples:
      tellapart evaluate runs/fashion-mnist-1/model.tellapart fashion-mnist
      tellapart evaluate runs/pets-1/model.tellapart list.csv --root pets --column image=where
    """
    from tellapart.cli.scores import show_evaluation
    from tellapart.files import write_numbered
    from tellapart.workflow.evaluate import evaluate as work

    found = work(
        model,
        source,
        split=split,
        trust=trust,
        strict=strict,
        use_cache=not no_cache,
        layout=options.to_layout(column, root, label_from, group),
        data_folder=data,
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
