"""`tellapart train`."""

from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json


def train(
    data: Annotated[str | None, typer.Argument(help=options.DATA)] = None,
    recipe: options.RecipeName = None,
    epochs: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Instead of the recipe's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    risk: Annotated[
        float | None, typer.Option(help="The share of wrong labels to promise. Default: 0.02.")
    ] = None,
    settings: options.Settings = None,
    output: Annotated[str, typer.Option("--output", "-o", help="The folder for runs.")] = "runs",
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")
    ] = None,
    save_every: Annotated[
        float | None,
        typer.Option(min=0.0, help="Seconds between checkpoints within an epoch. Default: 30."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="All the time it may take, such as 3m or 1h30m."),
    ] = None,
    strict: options.Strict = False,
    labels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Corrections of labels, as `tellapart review` writes."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="With --labels: the run without, to tell the gain."),
    ] = None,
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
    """Train a classifier, in a new numbered folder.

    The folder gets the classifier, its scores, its curves and the log; nothing is overwritten.

    \b
    Examples:
      tellapart train fashion-mnist
      tellapart train fashion-mnist --recipe guide
      tellapart train photos/ --epochs 20 --set image.height=64 --set image.width=64
      tellapart train fashion-mnist --budget 3m
      tellapart train pets.csv --column label=breed --group patient
      tellapart train fashion-mnist --labels labels.patch.csv --against runs/fashion-mnist-1
      tellapart train --resume runs/fashion-mnist-1
    """
    from tellapart.recipe import parse_setting
    from tellapart.workflow.train import train as work

    run = work(
        data,
        recipe,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
        risk=risk,
        settings=dict(parse_setting(text) for text in settings or ()),
        output=output,
        resume=resume,
        save_every=save_every,
        budget=budget,
        strict=strict,
        labels=labels,
        against=against,
        use_cache=not no_cache,
        layout=options.to_layout(column, root, label_from, group),
        data_folder=data_folder,
        backend=backend,
        quiet=quiet,
    )
    if json:
        found = {"run": str(run.path), "evaluation": run.evaluation.model_dump(mode="json")}
        gain = {"gain": run.gain.model_dump(mode="json")} if run.gain else {}
        show_json(found | gain)
        return
    from tellapart.cli.scores import show_evaluation

    show_evaluation(run.evaluation)
    if run.gain:
        show(f"\n{run.gain}")
    show(f"\nrun         {run.path}\nclassifier  {run.path}/model.tellapart")
    show(f"pictures    {run.path}/plots/curves.png, confusion.png, reliability.png, …")
