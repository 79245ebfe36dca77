"""`tellapart learning-curve`."""

from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json, show_table


def learning_curve(
    data: Annotated[str, typer.Argument(help=options.DATA)],
    recipe: options.RecipeName = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    settings: options.Settings = None,
    output: Annotated[str, typer.Option("--output", "-o", help="The folder for runs.")] = "runs",
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
    """Tell whether more pictures would help, by training on parts of those there are.

    An eighth, a quarter, half and all of the training pictures; each network is scored on
    the same fifth of them, which none has seen. Test images of the data set's own are left
    alone.

    \b
    Example:
      tellapart learning-curve fashion-mnist
    """
    from tellapart.recipe import parse_setting
    from tellapart.workflow.learning_curve import learning_curve as work

    found = work(
        data,
        recipe,
        epochs=epochs,
        seed=seed,
        settings=dict(parse_setting(text) for text in settings or ()),
        output=output,
        strict=strict,
        use_cache=not no_cache,
        layout=options.to_layout(column, root, label_from, group),
        data_folder=data_folder,
        backend=backend,
        quiet=quiet,
    )
    if json:
        show_json(found)
        return
    curve = found.curve
    rows = [
        (f"{size:,}", f"{score.value:.2%}", f"{score.low:.2%} to {score.high:.2%}")
        for size, score in zip(curve.sizes, curve.accuracies, strict=True)
    ]
    show_table(("pictures", "accuracy", "95% interval"), rows, numbers=range(3))
    show(f"{found}\n\nruns and picture   {found.path}")
