"""What the command line writes: results to stdout, remarks to stderr."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tellapart.errors import OutputError

if TYPE_CHECKING:
    from pydantic import BaseModel

_WIDTH_OF_PIPES = 120


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn what the operating system says about standard output into an `OutputError`.

    What is held of the results is dropped then, for Python would try again at its end.

    Raises:
        OutputError: No space is left there, or it is closed.
        BrokenPipeError: Who read it has gone.
    """
    if sys.stdout is None:
        raise OutputError("Cannot write to standard output: it is closed.")
    try:
        yield
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stdout.close()
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError(
            f"Cannot write to standard output: {error.strerror or error}. "
            "Free some space there, or send it to another place."
        ) from error


def flush() -> None:
    """Write what is still held of the results.

    Raises:
        OutputError: It cannot be written.
    """
    if sys.stdout is not None and not sys.stdout.closed:
        with writing():
            sys.stdout.flush()


def show(text: str) -> None:
    """Write a result."""
    with writing():
        sys.stdout.write(f"{text}\n")


def remark(text: str) -> None:
    """Write something that is not a result."""
    sys.stderr.write(f"{text}\n")


def show_json(value: "BaseModel | Sequence[BaseModel] | dict[str, Any]") -> None:
    """Write the one JSON document of a command."""
    content: Any = value
    if isinstance(value, Sequence):
        content = [item.model_dump(mode="json") for item in value]
    elif not isinstance(value, dict):
        content = value.model_dump(mode="json")
    show(json.dumps(content, indent=2, ensure_ascii=False))


def show_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    numbers: Iterable[int] = (),
) -> None:
    """Write a table; the columns at the positions `numbers` are set flush right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    right = set(numbers)
    table = Table(
        box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold"
    )
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout and sys.stdout.isatty() else _WIDTH_OF_PIPES
    with writing():
        Console(width=width).print(table)


def percent(share: float | None) -> str:
    """Return a share as `90.8%`, or a dash where there is none."""
    return "–" if share is None else f"{share:.1%}"


def field_value(value: object) -> str:
    """Return a field of a record with all its digits, or a dash where there is none."""
    return "–" if value is None else str(value)
