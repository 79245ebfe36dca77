"""A picture at its own size, and what its file says of it, for those who look data over."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import check_shape, decode, decode_array
from tellapart.images.kinds import kind_of
from tellapart.images.limits import LIMITS, library_errors
from tellapart.images.opening import open_picture
from tellapart.images.upright import upright_size
from tellapart.sections import ImageSpec

LONGEST_SIDE = 4096
"""Pixels of the longer side; larger pictures are reduced to it."""

_GREY = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "F"})


@dataclass(frozen=True, eq=False)
class Examined:
    """Is what a picture is, besides what it shows.

    Attributes:
        pixels: `(height, width, 3)`, uint8: upright, its longer side at most `LONGEST_SIDE`.
        size: (width, height) of the whole upright picture.
        mode: How colours are stored, in Pillow's words, such as "RGB".
        kind: The kind of file, such as "JPEG"; empty for an array.
        camera: Maker and model out of the EXIF data; mostly empty.
        repairs: What was changed on the way to the pixels, in words.
        remarks: What was found and left alone, in words.
    """

    pixels: Pixels
    size: tuple[int, int]
    mode: str
    kind: str
    camera: str
    repairs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def examine(content: bytes | Pixels, name: str) -> Examined:
    """Return a picture's pixels at its own size, and its facts.

    Args:
        content: A whole file, or whole numbers 0–255 as `decode_array` takes them.
        name: What to call it in an error.

    Raises:
        ImageError: Whatever goes wrong inside the image library.
    """
    if not isinstance(content, bytes):
        array: Any = np.asarray(content)
        grey = array.ndim < 3 or array.shape[2] == 1
        height, width = (*array.shape, 1, 1)[:2]
        pixels = decode_array(array, _spec((width, height)), name).pixels
        return Examined(pixels, (width, height), "L" if grey else "RGB", "", "")
    kind = _known_kind(content, name)
    with library_errors(name), open_picture(content, kind, name, LIMITS) as picture:
        size, mode, camera = upright_size(picture), picture.mode, _camera(picture)
    decoded = decode(content, _spec(size), name)
    return Examined(decoded.pixels, size, mode, kind, camera, decoded.repairs, decoded.remarks)


def original_shape(content: bytes | Pixels, name: str) -> tuple[int, int, int]:
    """Return a picture's own height, width and channels (1 for grey, else 3), upright.

    As `original_size`, which says what it costs and what can go wrong.

    Example:
        >>> original_shape(np.zeros((28, 20), np.uint8), "a")
        (28, 20, 1)
    """
    if not isinstance(content, bytes):
        check_shape(content, name)
        return (*content.shape[:2], 1 if content.ndim < 3 else content.shape[2])
    kind = _known_kind(content, name)
    with library_errors(name), open_picture(content, kind, name, LIMITS) as picture:
        width, height = upright_size(picture)
        return height, width, 1 if picture.mode in _GREY else 3


def original_size(content: bytes | Pixels, name: str) -> tuple[int, int]:
    """Return a picture's own width and height in pixels, upright, without decoding it.

    Only a PNG that may say behind its pixels how it was held is decoded.

    Args:
        content: A whole file, or an array `(height, width)` or `(height, width, channels)`.
        name: What to call it in an error.

    Raises:
        ImageError: Whatever goes wrong inside the image library.

    Example:
        >>> original_size(np.zeros((28, 20), np.uint8), "a")
        (20, 28)
    """
    height, width, _ = original_shape(content, name)
    return width, height


def _known_kind(content: bytes, name: str) -> str:
    if not content:
        raise ImageError(name, "empty", "the file has no bytes.")
    kind = kind_of(content)
    if kind is None:
        raise ImageError(name, "unknown-format", "no known picture format.")
    return kind


def _spec(size: tuple[int, int]) -> ImageSpec:
    scale = min(1.0, LONGEST_SIDE / max(*size, 1))
    width, height = (max(1, round(side * scale)) for side in size)
    return ImageSpec(height=height, width=width, channels=3, fit="stretch")


def _camera(picture: Image.Image) -> str:
    """Return maker and model of the camera, or nothing where the EXIF data say nothing."""
    try:
        tags = picture.getexif()
    except (SyntaxError, ValueError, struct.error):
        return ""
    words = [
        str(tags.get(tag, "")).strip("\0 ") for tag in (ExifTags.Base.Make, ExifTags.Base.Model)
    ]
    return " ".join(filter(None, words))
