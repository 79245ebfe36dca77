"""Options that several verbs have."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from tellapart.data.layout import Layout

DATA = "A known name (fashion-mnist, mnist, cifar10), a folder, a table or .npz."
RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        help="A recipe's name, or a TOML file. Default: photos; fast for small grey pictures.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Any other field of the recipe, such as augment.flip=false (docs/recipes.md).",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no remarks.")]
Backend = Annotated[
    str | None,
    typer.Option(help="Keras' backend: tensorflow, jax or torch. Default: KERAS_BACKEND."),
]
Runtime = Annotated[
    str | None,
    typer.Option(
        "--backend",
        help="onnx, or tensorflow, jax or torch for Keras. "
        "Default: onnx where a bundle has it and it is installed, else Keras.",
    ),
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust", help="Build a network of its maker's own, which may run code; Keras needs it."
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse unreadable pictures; else they are skipped.")
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Decode all pictures anew, and keep none.")
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column", metavar="ROLE=NAME", help="Of a table: image, label, group or split=COLUMN."
    ),
]
Root = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="The folder that a table's paths start from."),
]
LabelFrom = Annotated[
    str,
    typer.Option(metavar="REGEX", help="Find the class in each path: its first bracket, or all."),
]
Group = Annotated[
    str,
    typer.Option(
        metavar="WHAT", help="A table's column, or a regex on the path; a group is never split."
    ),
]
DataFolder = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="Look for a known data set in this folder only."),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A bundle: NAME.tellapart.")]

_ROLES = ("image", "label", "group", "split")


def standard_input(images: Sequence[str]) -> bytes | None:
    """Return the picture on standard input, if one of the words is `-`.

    Raises:
        UsageError: It is closed, or cannot be read.
    """
    if "-" not in images:
        return None
    try:
        if sys.stdin is not None:
            return sys.stdin.buffer.read()
        detail = "it is closed"
    except OSError as error:
        detail = error.strerror or str(error)
    raise UsageError(
        f"Cannot read the picture '-' from standard input: {detail}. "
        "Fix: cat shirt.png | tellapart …"
    )


def to_layout(
    columns: Sequence[str] | None, root: str | None, label_from: str, group: str
) -> "Layout":
    """Return how a source is to be read, as the command line says it.

    A group of letters, digits and `_` is a column; everything else a regular expression.

    Raises:
        UsageError: A column's role is unknown, or there is no `=`.
    """
    from tellapart.data.layout import Layout

    chosen = dict.fromkeys(_ROLES, "")
    for text in columns or ():
        role, sign, name = text.partition("=")
        if not sign or role not in _ROLES:
            raise UsageError(
                f"A column must read ROLE=NAME. Received: '{text}'. {did_you_mean(role, _ROLES)}"
            )
        chosen[role] = name
    is_column = bool(re.fullmatch(r"\w+", group))
    return Layout(
        image=chosen["image"],
        label=chosen["label"],
        group=group if is_column else chosen["group"],
        split=chosen["split"],
        root=Path(root) if root else None,
        label_from=label_from,
        group_from="" if is_column else group,
    )
