"""`tellapart inspect`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import remark, show, show_json, show_table

if TYPE_CHECKING:
    from tellapart.workflow.inspect import Inspection


def inspect(
    source: Annotated[str, typer.Argument(help="fashion-mnist, mnist, cifar10, a folder or .npz.")],
    count: Annotated[int, typer.Option(help="How many pictures the grid shows.")] = 15,
    split: Annotated[str, typer.Option(help="Which split they are from.")] = "train",
    seed: Annotated[int | None, typer.Option(help="Draw them at random, repeatably.")] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Where the grid goes (PNG).")
    ] = None,
    show_picture: Annotated[
        bool, typer.Option("--show", help="Open the grid in the system's viewer.")
    ] = False,
    data: options.DataFolder = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show shapes, classes and counts; write a picture grid.

    \b
    Examples:
      tellapart inspect fashion-mnist
      tellapart inspect fashion-mnist --count 25 --split test --seed 1 --show
    """
    from tellapart.workflow.inspect import inspect as look

    found = look(
        source, count=count, split=split, seed=seed, output=output, data_folder=data, quiet=quiet
    )
    if json:
        show_json(found)
    else:
        _show(found)
    if show_picture and typer.launch(str(found.picture)) != 0:
        remark(f"No viewer could be opened; the picture is {found.picture}")


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
    show(f"pictures: {found.picture}")
