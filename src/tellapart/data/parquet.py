"""Parquet files as columns, through pyarrow; pictures stay encoded until they are wanted."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

import numpy as np
from typing_extensions import override

from tellapart._extras import load_extra
from tellapart.data.columns import Table
from tellapart.data.contents import Contents, Origin, stamp_of
from tellapart.data.layout import SPLIT_WORDS
from tellapart.errors import DataError

_SPLIT_COLUMN = "split"


class _Cells(Sequence[Any]):
    """The cells of an Arrow column, each made a Python value when it is asked for."""

    def __init__(self, column: Any) -> None:
        self._column = column

    @override
    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "_Cells": ...
    @override
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return _Cells(self._column[index])
        return self._column[index].as_py()


def read_parquet(paths: Sequence[Path], origin: Path, root: Path) -> Table:
    """Return one table of one or more Parquet files.

    Columns of bytes, and of bytes and paths as Hugging Face exports them, are pictures;
    class names that such an export carries come with it. Where the files are named after
    splits (`train-00000-of-00002.parquet`, `test/0000.parquet`) and there is no such
    column, a column `split` is added.

    Args:
        paths: The files, all with the same columns.
        origin: The file, or the folder that they lie in.
        root: The folder that paths in them start from.

    Raises:
        MissingExtraError: pyarrow is not installed.
        DataError: A file is damaged, or they do not fit together.
    """
    pyarrow = load_extra("pyarrow", "parquet")
    parquet = load_extra("pyarrow.parquet", "parquet")
    try:
        stamps = [stamp_of(path) for path in paths]  # before they are read
        parts = [parquet.ParquetFile(path).read() for path in paths]
        whole = pyarrow.concat_tables(parts)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"Cannot read {origin} as Parquet: {error}") from error
    _check_names(whole.column_names, origin)
    lengths = [len(part) for part in parts]
    read = Origin(_place_of(paths, lengths), stamps, np.repeat(np.arange(len(paths)), lengths))
    columns: dict[str, Sequence[Any]] = {
        name: _cells_of(whole.column(name), root, replace(read, place=f"{name}\n{read.place}"))
        for name in whole.column_names
    }
    words = [_split_word(path) for path in paths]
    if len(paths) > 1 and all(words) and _SPLIT_COLUMN not in columns:
        pairs = zip(words, lengths, strict=True)
        columns[_SPLIT_COLUMN] = [word for word, length in pairs for _ in range(length)]
    class_names = _class_names(parts[0].schema.metadata)
    return Table(origin.resolve().name, str(origin), root, columns, class_names)


def _check_names(names: Sequence[str], origin: Path) -> None:
    """Raise `DataError` for columns of one name."""
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        raise DataError(
            f"Each column of {origin} must have a name of its own. Received: more than one "
            f"{', '.join(double)}. Fix: rename all but one."
        )


def _place_of(paths: Sequence[Path], lengths: Sequence[int]) -> str:
    """Return what tells the rows of these files from those of all others."""
    pairs = zip(paths, lengths, strict=True)
    return "\n".join(f"{path.resolve()} {length}" for path, length in pairs)


def _cells_of(column: Any, root: Path, origin: Origin) -> Sequence[Any]:
    """Return a column's cells: pictures as they are wanted, all else at once."""
    types = load_extra("pyarrow.types", "parquet")
    if _is_binary(column.type):
        return Contents(_Cells(column), root, [None] * len(column), origin)
    fields = [field.name for field in column.type] if types.is_struct(column.type) else []
    if "bytes" not in fields:
        cells: list[Any] = column.to_pylist()
        return cells
    compute = load_extra("pyarrow.compute", "parquet")
    inner = compute.struct_field(column, "bytes")
    is_inside = np.zeros(len(column), np.bool_)
    if _is_binary(inner.type):  # a column of nothing but empty cells has no type
        is_inside = compute.fill_null(compute.greater(compute.binary_length(inner), 0), False)
    files = np.where(np.asarray(is_inside), origin.files, -1)
    named = compute.struct_field(column, "path").to_pylist() if "path" in fields else None
    paths = [None] * len(column) if named is None else named
    return Contents(_Cells(column), root, paths, replace(origin, files=files))


def _is_binary(kind: Any) -> bool:
    types = load_extra("pyarrow.types", "parquet")
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _split_word(path: Path) -> str:
    """Return the word for a split that a file, or a folder above it, is named after."""
    names = [path.stem, path.parent.name]
    words = (re.split(r"[^a-z]", name.lower())[0] for name in names)
    return next((word for word in words if word in SPLIT_WORDS), "")


def _class_names(metadata: dict[bytes, bytes] | None) -> dict[str, tuple[str, ...]]:
    """Return the class names that Hugging Face wrote into a file, by column."""
    try:
        found = json.loads((metadata or {}).get(b"huggingface", b"{}"))
        features = found.get("info", {}).get("features", {})
        return {
            column: tuple(map(str, feature["names"]))
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise DataError(
            f"The record of Hugging Face in a Parquet file is damaged: {error}."
        ) from error
