"""What a picture to be predicted may be given as, and which files a path stands for."""

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tellapart.data.contents import decode_content
from tellapart.data.layout import TABLE_SUFFIXES, Layout
from tellapart.data.stores import ImageStore
from tellapart.errors import ImageError, UsageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode, decode_array, decode_picture, read_file
from tellapart.images.kinds import SUFFIXES
from tellapart.images.showing import Shown, open_shown
from tellapart.sections import ImageSpec


@dataclass(frozen=True, eq=False)
class Stored:
    """One picture of a row of them, read when it is wanted."""

    images: ImageStore
    index: int

    def decode(self, spec: ImageSpec) -> Pixels:
        """Return its pixels, made to fit `spec`.

        Raises:
            ImageError: It cannot be read.
        """
        return decode_content(
            self.images.content(self.index), spec, self.images.name(self.index)
        ).pixels


@dataclass(frozen=True, eq=False)
class Fitted:
    """One picture that was made to fit before: `(height, width, channels)`, uint8."""

    pixels: Pixels


@dataclass(frozen=True)
class Item:
    """One picture to be predicted: its name, and what was given for it."""

    name: str
    content: Any

    def pixels(self, spec: ImageSpec) -> Pixels:
        """Return the picture's pixels, made to fit `spec`.

        Raises:
            ImageError: It cannot be read.
        """
        match self.content:
            case bytes() | bytearray() | memoryview():
                return decode(bytes(self.content), spec, self.name).pixels
            case str() | Path():
                return read_file(Path(self.content), spec).pixels
            case Image.Image():
                return decode_picture(self.content, spec, self.name).pixels
            case Stored():
                return self.content.decode(spec)
            case Fitted():
                return self.content.pixels
            case ImageError():
                raise self.content
            case _:
                return decode_array(self.content, spec, self.name).pixels

    def shown(self, spec: ImageSpec) -> Shown:
        """Return the picture as people look at it, on the ground that the network sees it on.

        Raises:
            ImageError: It cannot be read.
        """
        if isinstance(self.content, ImageError):
            raise self.content
        return open_shown(self.content, self.name, spec.background)


def is_single(given: Any, spec: ImageSpec) -> bool:
    """Return whether one picture was given, rather than several.

    Of arrays, `(h, w)` and `(h, w, 1 or 3)` are one picture; `(n, h, w)` and
    `(n, h, w, c)` are several.

    Raises:
        UsageError: It is nothing that pictures can be given as.
    """
    if isinstance(given, str | Path | bytes | bytearray | memoryview | Image.Image):
        return True
    if hasattr(given, "__array__"):
        shape = np.shape(given)
        if len(shape) == 3:
            return shape[1:] != (spec.height, spec.width) and shape[2] in (1, 3)
        return len(shape) == 2
    if isinstance(given, Iterable):
        return False
    raise UsageError(
        "Pictures must be given as a path, bytes, a PIL image, an array, or several of them. "
        f"Received: {type(given).__name__}."
    )


def items_of(given: Any, spec: ImageSpec) -> Iterator[Item]:
    """Yield each picture that was given, named by its path or its position."""
    several = [given] if is_single(given, spec) else given
    for number, content in enumerate(several):
        named = isinstance(content, str | Path)
        yield Item(_safe(str(content)) if named else f"picture {number}", content)


def items_in(images: ImageStore) -> list[Item]:
    """Return each picture of a row of them, such as a data set's, by its name."""
    return [Item(_safe(images.name(i)), Stored(images, i)) for i in range(len(images))]


def expand_paths(
    words: Iterable[str], standard_input: bytes | None = None, layout: Layout | None = None
) -> list[Item]:
    """Return the pictures that words on a command line stand for.

    A word is a file, a folder (all pictures in it and below), a pattern such as
    `photos/*.jpg`, a table with a picture a row, or `-` for a picture on standard input.
    What cannot be found becomes an item whose reading fails, so that the others are still
    answered.

    Args:
        words: What was typed.
        standard_input: What stands for `-`.
        layout: Which column of a table has the pictures, and where its paths start.

    Raises:
        DataError: A table is damaged, or has no column for pictures.
    """
    items: list[Item] = []
    for word in words:
        try:
            items.extend(
                [Item("-", standard_input or b"")] if word == "-" else _expand(word, layout)
            )
        except OSError as error:
            problem = ImageError(_safe(word), "unreadable", error.strerror or str(error))
            items.append(Item(_safe(word), problem))
    return items


def _expand(word: str, layout: Layout | None) -> list[Item]:
    """Return the pictures that one word stands for."""
    path = Path(word)
    if path.is_dir():
        return _in_folder(path)
    if path.suffix.lower() in TABLE_SUFFIXES and path.is_file():
        from tellapart.data.tables import images_in

        return items_in(images_in(path, layout))
    if path.exists() or not glob.has_magic(word):
        return [Item(_safe(word), path)]
    found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - patterns may be absolute
    missing = ImageError(word, "missing", "no file matches this pattern.")
    return [Item(_safe(name), Path(name)) for name in found] or [Item(_safe(word), missing)]


def _safe(name: str) -> str:
    """Return a file's name as text that can be written, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _in_folder(folder: Path) -> list[Item]:
    pictures = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not pictures:
        kinds = ", ".join(sorted(SUFFIXES))
        empty = ImageError(str(folder), "empty", f"no picture ({kinds}) in this folder.")
        return [Item(str(folder), empty)]
    return [Item(_safe(str(path)), path) for path in pictures]
