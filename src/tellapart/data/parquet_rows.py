"""The pictures of Parquet files of any size, some rows at a time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from tellapart._extras import load_extra
from tellapart.data.layout import Layout
from tellapart.data.streams import Cell, Found, Source, missing, plain_name
from tellapart.errors import DataError

_ROWS = 64
"""Rows that are in memory at once."""

_BUFFER_BYTES = 1 << 20
"""What is read at once; without it, pyarrow reads a row group's whole column. A page is in
memory as a whole."""


class ParquetSource(Source):
    """The pictures of one or more Parquet files, of which only their column is read.

    Row groups whose pictures are not wanted are passed over unread, unless their column may
    have paths, which are the pictures' names.

    Args:
        paths: The files, all with the same column for pictures.
        origin: The file, or the folder that they lie in.
        layout: The column of the pictures, and where paths start; guessed by default.

    Raises:
        MissingExtraError: pyarrow is not installed.
        DataError: A file is damaged, or has no column for pictures.
    """

    def __init__(self, paths: Sequence[Path], origin: Path, layout: Layout | None = None) -> None:
        self._parquet = load_extra("pyarrow.parquet", "parquet")
        self._errors = (OSError, load_extra("pyarrow", "parquet").ArrowException)
        self._paths, self._origin = tuple(paths), origin
        asked = layout or Layout()
        self._root = asked.root or (origin if origin.is_dir() else origin.parent)
        self._rows, self._columns = [], []
        for path in self._paths:
            with self._open(path) as file:
                names = file.schema_arrow.names
                chosen, _ = asked.choose(names, str(path), needs_label=False)
                self._rows.append(file.metadata.num_rows)
                self._columns.append(chosen.image)

    @property
    @override
    def total(self) -> int:
        return int(sum(self._rows))

    @property
    @override
    def files(self) -> Sequence[Path]:
        return self._paths

    @override
    def stream(self, start: int = 0) -> Iterator[Found]:
        place = 0
        for path, column in zip(self._paths, self._columns, strict=True):
            with self._open(path) as file:
                row = 0
                for group in range(file.metadata.num_row_groups):
                    rows = file.metadata.row_group(group).num_rows
                    if place + rows <= start and _has_no_paths(file.schema_arrow, column):
                        names = (self._name(path, row + number) for number in range(rows))
                        yield from (Found(name, None) for name in names)
                    else:
                        yield from self._read(file, path, group, (column, row))
                    row, place = row + rows, place + rows

    def _open(self, path: Path) -> Any:
        try:
            return self._parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        except self._errors as error:
            raise DataError(f"Cannot read {path} as Parquet: {error}") from error

    def _read(self, file: Any, path: Path, group: int, at: tuple[str, int]) -> Iterator[Found]:
        """Yield the rows of one group; what cannot be read becomes errors, one for each row."""
        column, row = at
        end = row + file.metadata.row_group(group).num_rows
        batches = file.iter_batches(_ROWS, row_groups=[group], columns=[column])
        try:
            for batch in batches:
                for cell in batch.column(0):
                    yield self._found(path, row, cell.as_py())
                    row += 1
        except self._errors as error:
            detail = f"row group {group} cannot be read ({error})."
            for place in range(row, end):
                yield missing(self._name(path, place), "damaged", detail)

    def _found(self, path: Path, row: int, cell: Any) -> Found:
        if isinstance(cell, str):
            whole = self._root / cell
            return Found(plain_name(str(whole)), whole)
        name = self._name(path, row)
        if isinstance(cell, Mapping) and cell.get("bytes"):
            cell = cell["bytes"]
        return Found(name, cell if isinstance(cell, bytes) else Cell(cell, self._root))

    def _name(self, path: Path, row: int) -> str:
        return plain_name(f"{path}[{row}]")


def _has_no_paths(schema: Any, column: str) -> bool:
    """Return whether a column surely has no text, in whatever way text may be stored."""
    types = load_extra("pyarrow.types", "parquet")
    kind = schema.field(column).type
    if types.is_dictionary(kind):
        kind = kind.value_type
    known = (types.is_binary, types.is_large_binary, types.is_struct, types.is_list)
    return any(is_kind(kind) for is_kind in known)
