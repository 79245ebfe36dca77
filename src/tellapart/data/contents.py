"""Pictures of any form as what a store keeps: encoded bytes, or the pixels of an array."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL import Image
from typing_extensions import override

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import read_content

Content = bytes | Pixels


class Contents(Sequence[Content]):
    """The pictures of a column, each made into bytes or pixels when it is wanted.

    Args:
        cells: What `is_content` takes, or `None` where there is no picture.
        root: The folder that paths start from.
    """

    def __init__(self, cells: Sequence[Any], root: Path = Path()) -> None:
        self._cells, self._root = cells, root

    @override
    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, index: int) -> Content: ...
    @overload
    def __getitem__(self, index: slice) -> "Contents": ...
    @override
    def __getitem__(self, index: int | slice) -> "Content | Contents":
        if isinstance(index, slice):
            return Contents(self._cells[index], self._root)
        return to_content(self._cells[index], self._root)


def is_content(cell: Any) -> bool:
    """Return whether a cell can be a picture: a path, bytes, an array, a Pillow picture.

    A mapping with `bytes` or `path`, as Hugging Face's data sets have it, is one too.
    """
    if isinstance(cell, Mapping):
        return "bytes" in cell or "path" in cell
    return isinstance(cell, str | Path | bytes | np.ndarray | Image.Image)


def to_content(cell: Any, root: Path = Path()) -> Content:
    """Return a picture of any form as encoded bytes or as pixels.

    Args:
        cell: What `is_content` takes.
        root: The folder that paths start from.

    Raises:
        ImageError: A file that cannot be read, or no picture at all.
    """
    if isinstance(cell, Mapping):
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes | bytearray | memoryview):
        return bytes(cell)
    if isinstance(cell, str | Path):
        return _read(root / cell)
    if isinstance(cell, Image.Image):
        return _encode(cell)
    if isinstance(cell, np.ndarray):
        return cell
    raise ImageError("the cell", "missing", f"there is no picture, but {type(cell).__name__}.")


def _read(path: Path) -> bytes:
    """Return a file's bytes; an error names it in its detail, for the cell has another name."""
    try:
        return read_content(path)
    except ImageError as error:
        raise ImageError(error.name, error.reason, f"{path}: {error.detail}") from error


def _encode(picture: Image.Image) -> bytes:
    """Return a Pillow picture as a file without loss, with its orientation.

    Raises:
        ImageError: Whatever goes wrong in Pillow, as with a file that is closed already.
    """
    file = io.BytesIO()
    kind = "TIFF" if picture.mode in ("CMYK", "YCbCr", "LAB", "F", "I") else "PNG"
    try:
        picture.save(file, kind, exif=picture.getexif(), compress_level=1)
    except Exception as error:
        detail = str(error) or type(error).__name__
        raise ImageError("the picture", "damaged", detail) from error
    return file.getvalue()
