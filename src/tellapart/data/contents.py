"""Pictures of any form as what a store keeps: encoded bytes, or the pixels of an array."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from typing_extensions import override

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import Decoded, decode, decode_array, read_content
from tellapart.images.opening import file_of
from tellapart.sections import ImageSpec

Content = bytes | Pixels

Stamp = tuple[int, int, int, int]
"""Size, times of change of content and of record in ns, and number of a file."""


@dataclass(frozen=True, eq=False)
class Origin:
    """Is where the rows of a column were read from, as the files were just before that.

    Attributes:
        place: What tells the column of these files from all others.
        stamps: One for each file.
        files: `(n,)`: for each row, the position of the file that holds its picture; below
            0 where its picture is elsewhere.
    """

    place: str
    stamps: Sequence[Stamp | None]
    files: NDArray[np.int64]


class Contents(Sequence[Content]):
    """The pictures of a column, each made into bytes or pixels when it is wanted.

    Args:
        cells: What `is_content` takes, `None` where there is no picture, or the error that
            one came to already.
        root: The folder that paths start from.
        paths: What path each cell names, if that is known without looking at it.
        origin: The files that the cells were read from, if they were read from files.
    """

    def __init__(
        self,
        cells: Sequence[Any],
        root: Path = Path(),
        paths: Sequence[str | None] | None = None,
        origin: Origin | None = None,
    ) -> None:
        self._cells, self._root, self._paths, self._origin = cells, root, paths, origin

    @override
    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, index: int) -> Content: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Content]: ...
    @override
    def __getitem__(self, index: int | slice) -> Content | Sequence[Content]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return to_content(self._cells[index], self._root)

    def path(self, index: int) -> str:
        """Return the path that a cell names; empty where it names none."""
        if self._paths is not None:
            return self._paths[index] or ""
        cell = self._cells[index]
        named = cell.get("path") if isinstance(cell, Mapping) else cell
        return str(named) if isinstance(named, str | Path) else ""

    @property
    def place(self) -> str:
        """Return what tells these pictures' files from all others; empty for none."""
        return self._origin.place if self._origin else ""

    def stamp(self, index: int) -> Stamp | None:
        """Return what changes whenever a picture does, or `None` where nothing tells."""
        if self._origin is None or self._origin.files[index] < 0:
            return None
        return self._origin.stamps[int(self._origin.files[index])]


def stamp_of(path: Path) -> Stamp | None:
    """Return what the file system says of a file; `None` where it says nothing."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def decode_content(content: Content, spec: ImageSpec, name: str) -> Decoded:
    """Return the pixels of one picture as a store keeps it, made to fit `spec`.

    Raises:
        ImageError: It is damaged, or no picture.
    """
    if isinstance(content, bytes):
        return decode(content, spec, name)
    return decode_array(content, spec, name)


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
        cell: What `is_content` takes, or the error that it came to already.
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
    if isinstance(cell, ImageError):
        raise ImageError(cell.name, cell.reason, cell.detail) from cell
    raise ImageError("the cell", "missing", f"there is no picture, but {type(cell).__name__}.")


def _read(path: Path) -> bytes:
    """Return a file's bytes; an error names it in its detail, for the cell has another name."""
    try:
        return read_content(path)
    except ImageError as error:
        raise ImageError(error.name, error.reason, f"{path}: {error.detail}") from error


def _encode(picture: Image.Image) -> bytes:
    """Return a Pillow picture as its file if it is a JPEG just opened, else as one without loss.

    Raises:
        ImageError: Whatever goes wrong in Pillow, as with a file that is closed already.
    """
    file = io.BytesIO()
    kind = "TIFF" if picture.mode in ("CMYK", "YCbCr", "LAB", "F", "I") else "PNG"
    try:
        content = file_of(picture)
        if content is not None:
            return content
        picture.save(file, kind, exif=picture.getexif(), compress_level=1)
    except Exception as error:
        detail = str(error) or type(error).__name__
        raise ImageError("the picture", "damaged", detail) from error
    return file.getvalue()
