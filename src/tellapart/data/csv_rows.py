"""Tables of text: a line of names, then rows of as many cells, each with its line."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tellapart.errors import DataError

MOST_CELL_CHARACTERS = 1 << 24
_NEEDS_QUOTES = re.compile(r'[,"\r\n]').search


class Row(NamedTuple):
    """Is one row, and the line of the file that it ends in."""

    line: int
    cells: list[str]


def parse_csv(text: str, title: str, between: str = "") -> tuple[list[str], list[Row]]:
    r"""Return the names of the columns, and the rows; empty lines are passed over.

    Args:
        text: What the file holds.
        title: What to call it in messages.
        between: What parts the cells; by default a comma, or what the first line has more of.

    Raises:
        DataError: It is no such table: the names, the quotes or the number of cells is wrong.

    Example:
        >>> parse_csv("a,b\n1,2\n", "t.csv")
        (['a', 'b'], [Row(line=2, cells=['1', '2'])])
    """
    csv.field_size_limit(MOST_CELL_CHARACTERS)
    try:
        rows = _read(text, between or _delimiter_of(text.split("\n", 1)[0]))
    except csv.Error as error:
        raise DataError(f"Cannot read {title} as a table: {error}.") from error
    names = [name.strip() for name in rows[0].cells] if rows else []
    if not names or len(set(names)) < len(names):
        raise DataError(
            f"{title} must begin with a line of names, each once. "
            f"Received: {', '.join(names) or 'nothing'}."
        )
    for row in rows[1:]:
        if len(row.cells) != len(names):
            raise DataError(
                f"Each line of {title} must have {len(names)} cells. Received: {len(row.cells)} "
                f"in line {row.line}. Fix: put cells with the delimiter in them into quotes."
            )
    return names, rows[1:]


def to_csv(rows: Iterable[Sequence[str]]) -> bytes:
    r"""Return rows of cells as the bytes of a table; any text comes back through `parse_csv`.

    Python's own writer leaves a lone carriage return in a cell without quotes. What is no
    UTF-8, as in the names of some files, stays as it is.

    Example:
        >>> to_csv([("image", "label"), ("a,b.png", "cat")])
        b'image,label\n"a,b.png",cat\n'
    """
    text = "".join(",".join(map(quoted, row)) + "\n" for row in rows)
    return text.encode("utf-8", "surrogateescape")


def quoted(cell: str) -> str:
    """Return a cell as it stands in a table: in quotes where a comma, quote or line needs them."""
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES(cell) else cell


def _read(text: str, between: str) -> list[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    return [Row(reader.line_num, cells) for cells in reader if cells]


def _delimiter_of(head: str) -> str:
    """Return what parts the names: a comma, or what there is more of."""
    return max((",", ";", "\t"), key=head.count)
