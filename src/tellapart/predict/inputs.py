"""What a picture to be predicted may be given as, and which files a path stands for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tellapart.data.contents import decode_content
from tellapart.data.given import open_given
from tellapart.data.layout import Layout
from tellapart.data.rows import Rows
from tellapart.data.stores import ImageStore
from tellapart.data.streams import Row, Unread, plain_name
from tellapart.errors import ImageError, UsageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode, decode_array, decode_picture, read_file
from tellapart.images.showing import Shown, open_shown
from tellapart.sections import ImageSpec


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
                return read_file(self.content, spec).pixels
            case Image.Image():
                return decode_picture(self.content, spec, self.name).pixels
            case Unread():
                return decode_content(self.content.read(), spec, self.name).pixels
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
        content = self.content.read() if isinstance(self.content, Unread) else self.content
        return open_shown(content, self.name, spec.background)


def check_fitting(pixels: Pixels | Rows, spec: ImageSpec) -> None:
    """See that pixels fit as they are: `(n, height, width, channels)`, uint8.

    Raises:
        UsageError: They have another shape or type.
    """
    if pixels.shape[1:] != spec.shape or pixels.dtype != np.uint8:
        raise UsageError(
            f"Pixels must be (n, {', '.join(map(str, spec.shape))}) and uint8. "
            f"Received: {pixels.shape}, {pixels.dtype}."
        )


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
        yield Item(plain_name(str(content)) if named else f"picture {number}", content)


def items_in(images: ImageStore) -> list[Item]:
    """Return each picture of a row of them, such as a data set's, by its name."""
    return [Item(*found) for found in Row(images).stream()]


class Inputs:
    """The pictures that words on a command line stand for, one after the other.

    Args:
        words: What was typed, as `data.given.open_given` takes it.
        standard_input: What stands for `-`.
        layout: Which column of a table has the pictures, and where its paths start.

    Raises:
        DataError: A table is damaged, or has no column for pictures.
        UsageError: There is no table that the layout could be for.
    """

    def __init__(
        self,
        words: Iterable[str],
        standard_input: bytes | None = None,
        layout: Layout | None = None,
    ) -> None:
        self.given = tuple(open_given(word, layout, standard_input) for word in words)
        if layout is not None and not any(given.may_have_tables for given in self.given):
            layout.check_fits("pictures that no table names")

    @property
    def total(self) -> int | None:
        """Return how many pictures there are, or `None` where only reading them would tell."""
        totals = [given.total for given in self.given]
        return None if None in totals else sum(total or 0 for total in totals)

    @property
    def left_alone(self) -> int:
        """Return how many things are no pictures, as far as they were gone through."""
        return sum(given.left_alone for given in self.given)

    def stream(self, start: int = 0) -> Iterator[Item]:
        """Yield every picture; of the first `start` only the names, and they are not read."""
        place = 0
        for given in self.given:
            for found in given.stream(max(0, start - place)):
                yield Item(*found)
                place += 1


def expand_paths(
    words: Iterable[str], standard_input: bytes | None = None, layout: Layout | None = None
) -> list[Item]:
    """Return the pictures that words on a command line stand for, all of them at once.

    What cannot be found becomes an item whose reading fails, so that the others are still
    answered. Of a tar archive the pictures' bytes are held.

    Args:
        words: What was typed, as `data.given.open_given` takes it.
        standard_input: What stands for `-`.
        layout: Which column of a table has the pictures, and where its paths start.

    Raises:
        DataError: A table is damaged, or has no column for pictures.
    """
    return list(Inputs(words, standard_input, layout).stream())
