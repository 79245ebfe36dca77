"""`tellapart evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json
from tellapart.errors import UsageError

if TYPE_CHECKING:
    from tellapart.evaluate.record import Evaluation


def evaluate(
    model: Annotated[
        str,
        typer.Argument(metavar="[MODEL]", help="A bundle; left out with --predictions."),
    ],
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
    trust: options.Trust = False,
    data: options.DataFolder = None,
    backend: options.Backend = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Score a classifier on pictures whose classes are known.

    Shows accuracy and other scores with 95 % intervals, what simple ways score, whether the
    probabilities can be believed, every class, and the most confused pairs. A table of
    another program's answers has a column image and one called label, or one for each class.

    \b
    Examples:
      tellapart evaluate runs/fashion-mnist-1/model.tellapart fashion-mnist
      tellapart evaluate --predictions answers.csv fashion-mnist
    """
    from tellapart.cli.scores import show_evaluation
    from tellapart.files import write_numbered

    bundle, name = (None, model) if predictions is not None and source is None else (model, source)
    if name is None or (predictions is not None and bundle is not None):
        raise UsageError(
            "Either a classifier and data must be named, or --predictions and data. Received: "
            f"{model}. Fix: tellapart evaluate runs/NAME-1/model.tellapart DATA"
        )
    found = _score(bundle, name, predictions, split, trust, data, backend, quiet)
    if json:
        show_json(found)
    else:
        show_evaluation(found)
    if output is not None:
        path = write_numbered(Path(output), found.to_json().encode())
        if not json:
            show(f"record: {path}")


def _score(
    bundle: str | None,
    source: str,
    predictions: str | None,
    split: str | None,
    trust: bool,
    data: str | None,
    backend: str | None,
    quiet: bool,
) -> "Evaluation":
    from tellapart.workflow.inspect import load

    samples = load(source, data_folder=data, quiet=quiet)
    if predictions is not None:
        from tellapart.workflow.foreign import evaluate_predictions

        return evaluate_predictions(predictions, samples, split=split, quiet=quiet)
    from tellapart.workflow.evaluate import evaluate as work

    return work(bundle, samples, split=split, trust=trust, backend=backend, quiet=quiet)
