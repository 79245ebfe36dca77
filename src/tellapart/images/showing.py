"""Pictures as people look at them: upright, whole, in colour, and no larger than a screen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode, decode_array, decode_picture, read_content
from tellapart.images.kinds import kind_of
from tellapart.images.limits import LIMITS, library_errors
from tellapart.images.opening import open_picture
from tellapart.images.upright import upright_size
from tellapart.sections import ImageSpec

LONGEST_SIDE = 1024
"""Pixels of the longer side; larger pictures are reduced to it."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Is a picture as people look at it.

    Attributes:
        pixels: `(height, width, 3)`, uint8: upright, its longer side at most `LONGEST_SIDE`.
        size: (width, height) of the whole upright picture.
    """

    pixels: Pixels
    size: tuple[int, int]


def open_shown(content: Any, name: str, background: int = 0) -> Shown:
    """Return a picture as people look at it.

    Args:
        content: The bytes of a file, its path, a Pillow picture, or an array as
            `decode_array` takes it.
        name: What to call it in an error.
        background: The grey level, 0–255, that shows through transparent parts.

    Raises:
        ImageError: It cannot be read.

    Example:
        >>> shown = open_shown(Image.new("L", (3000, 1500)), "grey")
        >>> shown.pixels.shape, shown.size
        ((512, 1024, 3), (3000, 1500))
    """
    if isinstance(content, str | Path):
        content = read_content(Path(content))
    if isinstance(content, bytes | bytearray | memoryview):
        raw = bytes(content)
        size = _size_of_file(raw, name)
        return Shown(decode(raw, _spec(size, background), name).pixels, size)
    if isinstance(content, Image.Image):
        with library_errors(name):
            size = upright_size(content)
        return Shown(decode_picture(content, _spec(size, background), name).pixels, size)
    height, width = (*np.shape(content), 1, 1)[:2]
    size = (max(width, 1), max(height, 1))
    return Shown(decode_array(content, _spec(size, background), name).pixels, size)


def _size_of_file(content: bytes, name: str) -> tuple[int, int]:
    kind = kind_of(content)
    if kind is None:
        raise ImageError(name, "unknown-format", "no known picture format.")
    with library_errors(name), open_picture(content, kind, name, LIMITS) as picture:
        return upright_size(picture)


def _spec(size: tuple[int, int], background: int) -> ImageSpec:
    scale = min(1.0, LONGEST_SIDE / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    return ImageSpec(height=height, width=width, channels=3, fit="stretch", background=background)
