"""`tellapart cross-validate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json, show_table

if TYPE_CHECKING:
    from tellapart.workflow.cross_validate import CrossValidation


def cross_validate(
    data: Annotated[str | None, typer.Argument(help=options.DATA)] = None,
    recipe: options.RecipeName = None,
    folds: Annotated[
        int | None, typer.Option(help="How many networks to train. Default: 5.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    settings: options.Settings = None,
    output: Annotated[str, typer.Option("--output", "-o", help="The folder for runs.")] = "runs",
    resume: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Go on with an interrupted one.")
    ] = None,
    save_every: Annotated[
        float | None,
        typer.Option(min=0.0, help="Seconds between checkpoints within an epoch. Default: 30."),
    ] = None,
    strict: options.Strict = False,
    no_cache: options.NoCache = False,
    column: options.Columns = None,
    root: options.Root = None,
    label_from: options.LabelFrom = "",
    group: options.Group = "",
    data_folder: options.DataFolder = None,
    backend: options.Backend = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train one network a fold, and score each on the pictures that it has not seen.

    Every picture to train on is answered once. A test split of the data set's own is left
    alone. Groups are in one fold. A finished fold is not trained again on --resume.

    \b
    Examples:
      tellapart cross-validate photos/ --folds 5
      tellapart cross-validate photos/ --group '(\\w+)_' --set data.near_duplicates=together
      tellapart cross-validate --resume runs/photos-cv-1
    """
    from tellapart.recipe import parse_setting
    from tellapart.workflow.cross_validate import cross_validate as work

    found = work(
        data,
        recipe,
        folds=folds,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        settings=dict(parse_setting(text) for text in settings or ()),
        output=output,
        resume=resume,
        save_every=save_every,
        strict=strict,
        use_cache=not no_cache,
        layout=options.to_layout(column, root, label_from, group),
        data_folder=data_folder,
        backend=backend,
        quiet=quiet,
    )
    if json:
        show_json(found)
    else:
        _show(found)


def _show(found: "CrossValidation") -> None:
    from tellapart.cli.scores import show_evaluation

    rows = [
        (
            str(score.number),
            f"{score.accuracy.value:.2%}",
            f"{score.accuracy.low:.2%} to {score.accuracy.high:.2%}",
            f"{score.samples:,}",
        )
        for score in found.scores.folds
    ]
    show_table(("fold", "accuracy", "95% interval", "images"), rows, numbers=range(4))
    show_evaluation(found.evaluation)
    scores = found.scores
    show(f"over the folds {scores.mean:.2%} ± {scores.standard_deviation:.2%}")
    show(f"\nruns        {found.path}/fold-1 to fold-{len(scores.folds)}")
    show(f"answers     {found.path}/out-of-fold.npz")
