"""A table as columns, and what its cells say: paths, bytes, class names."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.data.contents import Contents, is_content
from tellapart.data.encoded import BytesImages
from tellapart.data.filed import FileImages, real_path
from tellapart.data.stores import ImageStore
from tellapart.errors import DataError


@dataclass(frozen=True, eq=False)
class Table:
    """Is a table with a picture a row.

    Attributes:
        title: What to call it in messages; a file's name.
        origin: Where it came from, in words.
        root: The folder that paths in it start from.
        columns: Its columns by name, all of one length.
        class_names: The names of the class numbers in a column, where it has such.
        may_move: Whether pictures below the root are known by their paths from there.
    """

    title: str
    origin: str
    root: Path
    columns: Mapping[str, Sequence[Any]]
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    may_move: bool = True

    def texts(self, column: str) -> list[str] | None:
        """Return a column's cells as text, empty where there is nothing; `None` for no column.

        Raises:
            DataError: A cell is neither text nor number.
        """
        if not column:
            return None
        return [self._text(cell, column, row) for row, cell in enumerate(self.columns[column])]

    def has_numbers(self, column: str) -> bool:
        """Return whether no cell of a column is text."""
        return not any(isinstance(cell, str) for cell in self.columns[column])

    def images(self, column: str) -> ImageStore:
        """Return a column's pictures.

        Args:
            column: It holds paths, bytes, or what Hugging Face's data sets have for pictures.

        Raises:
            DataError: A cell is none of those.
        """
        cells, root = self.columns[column], self.root
        if isinstance(cells, Contents):
            return BytesImages(cells, self.title)
        wrong = [row for row, cell in enumerate(cells) if not isinstance(cell, str | Path)]
        if not wrong:
            paths = tuple(map(Path, cells))
            return FileImages(root, _below(root, paths) if self.may_move else paths)
        if all(is_content(cell) for cell in cells):
            return BytesImages(Contents(cells, root), self.title)
        raise DataError(
            f"The column {column} of {self.title} must hold a path or the bytes of a picture. "
            f"Received: {cells[wrong[0]]!r:.60} in row {wrong[0] + 1}."
        )

    def _text(self, cell: Any, column: str, row: int) -> str:
        if isinstance(cell, np.generic):
            cell = cell.item()
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return ""
        if isinstance(cell, float) and cell.is_integer():
            return str(int(cell))
        if isinstance(cell, str | int | float):
            return str(cell)
        raise DataError(
            f"The column {column} of {self.title} must hold text or numbers. "
            f"Received: {cell!r:.60} in row {row + 1}."
        )


def _below(root: Path, paths: Iterable[Path]) -> tuple[Path, ...]:
    """Return paths relative to the root where they lie there, so that the data may move.

    They are the same whether the root is relative, absolute, or lies behind a link.
    """
    real = real_path(root)
    is_root = cache(lambda folder: real_path(folder) == real)

    def below(path: Path) -> Path:
        goes_up = path.is_absolute() and ".." in path.parts
        if path.is_relative_to(root) and not goes_up:
            return path.relative_to(root)
        if not path.is_absolute():
            return path
        whole = Path(real_path(path.parent), path.name) if goes_up else path
        start = next((folder for folder in whole.parents if is_root(folder)), None)
        return path if start is None else whole.relative_to(start)

    return tuple(map(below, paths))
