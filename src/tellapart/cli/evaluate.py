"""`tellapart evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json
from tellapart.errors import UsageError


def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help="A bundle; left out with --predictions."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="What to score on: a name, folder, table or .npz."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Which split; default: test, or all where there is none.")
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(metavar="TABLE", help="Score these answers of another program instead."),
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
    strict: options.Strict = False,
    no_cache: options.NoCache = False,
    column: options.Columns = None,
    root: options.Root = None,
    label_from: options.LabelFrom = "",
    group: options.Group = "",
    data: options.DataFolder = None,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score a classifier on pictures whose classes are known.

    Shows accuracy and other scores with 95% intervals, what simple ways score, whether the
    probabilities can be believed, every class, and the most confused pairs. A table of
    another program's answers has a column image and one called label, or one for each class.
    The pictures are read as `train` reads them; unreadable ones are skipped and listed.

    \b
    Examples:
      tellapart evaluate runs/fashion-mnist-1/model.tellapart fashion-mnist
      tellapart evaluate runs/pets-1/model.tellapart list.csv --root pets --column image=where
      tellapart evaluate --predictions answers.csv fashion-mnist
    """
    from tellapart.cli.scores import show_evaluation
    from tellapart.files import write_numbered
    from tellapart.workflow.evaluate import evaluate as work
    from tellapart.workflow.foreign import evaluate_predictions

    name = source or (model if predictions is not None else None)
    if name is None or (predictions is not None and source is not None):
        raise UsageError(
            "Either a classifier and data must be named, or --predictions and data. Received: "
            f"{model or 'neither'}. Fix: tellapart evaluate runs/NAME-1/model.tellapart DATA"
        )
    layout = options.to_layout(column, root, label_from, group)
    if predictions is not None:
        found = evaluate_predictions(
            predictions, name, split=split, layout=layout, data_folder=data, quiet=quiet
        )
    else:
        found = work(
            model,
            name,
            split=split,
            check_leaks=check_leaks,
            trust=trust,
            strict=strict,
            use_cache=not no_cache,
            layout=layout,
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
