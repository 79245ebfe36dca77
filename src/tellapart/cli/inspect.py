"""`tellapart inspect`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import remark, show, show_json, show_table
from tellapart.errors import DataError

if TYPE_CHECKING:
    from tellapart.check.inspection import Account, Inspection

_MOST_FILES = 5


def inspect(
    source: Annotated[str, typer.Argument(help=options.DATA)],
    count: Annotated[int, typer.Option(help="How many pictures the grid shows.")] = 15,
    split: Annotated[str, typer.Option(help="Which split they are from.")] = "train",
    seed: Annotated[int | None, typer.Option(help="Draw them at random, repeatably.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Where the grid goes (PNG).")
    ] = None,
    show_picture: Annotated[
        bool, typer.Option("--show", help="Open the grid in the system's viewer.")
    ] = False,
    check: Annotated[
        bool | None,
        typer.Option(
            "--check/--no-check",
            help="Look at every picture and run all checks. Default: unless the data are known.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Look at every picture; exit code 3 for unreadable ones."),
    ] = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write all of it as one page (HTML).")
    ] = None,
    column: options.Columns = None,
    root: options.Root = None,
    label_from: options.LabelFrom = "",
    group: options.Group = "",
    data: options.DataFolder = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show shapes, classes, counts, every file and what is wrong; write a picture grid.

    \b
    Examples:
      tellapart inspect fashion-mnist
      tellapart inspect fashion-mnist --count 25 --split test --seed 1 --show
      tellapart inspect photos/ --report photos.html
      tellapart inspect photos/ --strict
    """
    from tellapart.workflow.inspect import inspect as look

    found = look(
        source,
        count=count,
        split=split,
        seed=seed,
        output=output,
        check=check,
        strict=strict,
        report=report,
        layout=options.to_layout(column, root, label_from, group),
        data_folder=data,
        quiet=quiet,
    )
    if json:
        show_json(found)
    else:
        _show(found)
    if show_picture and typer.launch(str(found.picture)) != 0:
        remark(f"No viewer could be opened; the picture is {found.picture}")
    if strict:
        _refuse_unreadable(found)


def _refuse_unreadable(found: "Inspection") -> None:
    """Raise `DataError` if there are refused files; what became of each is shown by now."""
    refused = (
        [entry for entry in found.account.exceptions if entry.status == "refused"]
        if found.account
        else []
    )
    if refused:
        raise DataError(
            f"Pictures that cannot be read are refused: {len(refused):,}. "
            f"The first: {refused[0].file} ({refused[0].reason})."
        )


def _show(found: "Inspection") -> None:
    total = sum(split.images for split in found.splits.values())
    show(f"{found.name}: {total:,} images in {len(found.class_names)} classes, from {found.origin}")
    for name, split in found.splits.items():
        shape = str((split.images, *split.shape)) if split.shape else f"{split.images:,} files"
        show(f"  {name:<11}{shape} {split.dtype if split.shape else ''}".rstrip())
    rows = [
        (str(number), label, *(f"{split.classes[label]:,}" for split in found.splits.values()))
        for number, label in enumerate(found.class_names)
    ]
    places = range(2, 2 + len(found.splits))
    show_table(("", "class", *found.splits), rows, numbers=(0, *places))
    for line in found.remarks:
        show(line)
    if found.account:
        _show_account(found.account)
    for finding in found.findings or ():
        show(f"\n{finding.severity}: {finding.message}\n  {finding.advice}")
        files = ", ".join(finding.files[:_MOST_FILES])
        more = f" and {finding.count - _MOST_FILES:,} more" if finding.count > _MOST_FILES else ""
        if files:
            show(f"  {files}{more}")
    show(f"\npictures: {found.picture}" + (f"\npage: {found.report}" if found.report else ""))


def _show_account(account: "Account") -> None:
    counts = ", ".join(f"{status} {number:,}" for status, number in account.counts.items())
    show(f"files: {account.files:,} = {counts}")
    for entry in account.exceptions[:_MOST_FILES]:
        detail = f": {entry.detail}" if entry.detail else ""
        show(f"  {entry.status} ({entry.reason}) {entry.file}{detail}")
    if len(account.exceptions) > _MOST_FILES:
        rest = len(account.exceptions) - _MOST_FILES
        show(f"  and {rest:,} more; --json and --report list them")
