"""`tellapart review`."""

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import percent, show, show_json, show_table

if TYPE_CHECKING:
    from tellapart.workflow.review import Review

_MOST = 10


def review(
    data: Annotated[str, typer.Argument(help=options.DATA)],
    recipe: options.RecipeName = None,
    folds: Annotated[int, typer.Option(help="How many networks judge, from 2.")] = 5,
    most: Annotated[
        int | None, typer.Option(help="List so many. Default: as many as are probably wrong.")
    ] = None,
    propose: Annotated[
        int, typer.Option(metavar="N", help="Write the proposal for the N worst as the decision.")
    ] = 0,
    labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="Go on from decisions made before.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    settings: options.Settings = None,
    output: Annotated[
        str, typer.Option("--output", "-o", help="The folder for its numbered folder.")
    ] = "runs",
    resume: Annotated[
        str | None, typer.Option(metavar="DIR", help="Go on with an interrupted review.")
    ] = None,
    column: options.Columns = None,
    root: options.Root = None,
    label_from: options.LabelFrom = "",
    group: options.Group = "",
    data_folder: options.DataFolder = None,
    backend: options.Backend = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find training labels that are probably wrong, and write a file to decide about them in.

    Nothing of the data is changed. The new folder gets a page and a table of the suspects,
    worst first, and labels.patch.csv, where each can be relabelled, kept or dropped.

    \b
    Examples:
      tellapart review fashion-mnist
      tellapart review photos/ --folds 10 --most 200
      tellapart train photos/ --labels runs/photos-review-1/labels.patch.csv
    """
    from tellapart.recipe import parse_setting
    from tellapart.workflow.review import review as work

    found = work(
        data,
        recipe,
        folds=folds,
        most=most,
        propose=propose,
        labels=labels,
        seed=seed,
        settings=dict(parse_setting(text) for text in settings or ()),
        output=output,
        resume=resume,
        layout=options.to_layout(column, root, label_from, group),
        data_folder=data_folder,
        backend=backend,
        quiet=quiet,
    )
    if json:
        show_json(found)
    else:
        _show(found, data)


def _show(found: "Review", data: str) -> None:
    suspects = found.suspects
    rows = [
        (one.name, f"{one.samples:,}", f"{one.wrong:,}", one.mostly or "–")
        for one in suspects.classes
    ]
    columns = ("label", "images", "probably wrong", "most of these rather")
    show_table(columns, rows, numbers=(1, 2))
    listed = [
        (
            str(one.rank),
            one.given,
            percent(one.given_probability),
            one.proposed,
            percent(one.proposed_probability),
        )
        for one in suspects.suspects[:_MOST]
    ]
    if listed:
        heads = ("", "label", "probable", "proposed", "probable")
        show_table(heads, listed, title="worst first", numbers=(0, 2, 4))
    show(str(suspects))
    show(f"The networks agree with {found.accuracy} of the labels that they had not seen.")
    show(f"\npage      {found.page}\ndecide in {found.patch}")
    if found.proposed:
        show(f"          the {found.proposed:,} worst are set to relabel: look at them")
    command = f"tellapart train {shlex.quote(data)} --labels {shlex.quote(found.patch)}"
    show(f"then      {command}")
