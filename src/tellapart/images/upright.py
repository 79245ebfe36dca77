"""How a picture was held: its orientation, read from EXIF or XMP, and turning it upright."""

import io
import re
import struct
from collections.abc import Mapping
from types import MappingProxyType

from PIL import ExifTags, Image, TiffImagePlugin

TURNS: Mapping[int, Image.Transpose] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
"""What makes a picture of each orientation upright; 1 is upright."""

TRANSPOSED = frozenset({5, 6, 7, 8})
"""The orientations whose width is the upright picture's height."""

_SAID_IN_PNG = (b"eXIf", b"XML:com.adobe.xmp", b"Raw profile type exif")
_TIFF_SIZE = (TiffImagePlugin.IMAGEWIDTH, TiffImagePlugin.IMAGELENGTH)
_NUMBERS = {1: "B", 3: "H", 4: "I"}
_IN_XMP = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')


def orientation_of(picture: Image.Image) -> tuple[int, tuple[str, ...]]:
    """Return a picture's orientation, 1–8, and what had to be passed over to know it.

    EXIF has the last word, then XMP. Pillow's own reader is not asked: it warns about
    damaged tags that say nothing about orientation, and warnings may be errors. A PNG that
    may say it behind its pixels is loaded first: what stands there is known only then.
    """
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        return _known(picture.tag_v2.get(ExifTags.Base.Orientation)), ()
    if _may_say_it_behind(picture):
        picture.load()
    if not picture.info:
        return 1, ()
    try:
        found = first_value(_exif(picture), ExifTags.Base.Orientation)
        repairs: tuple[str, ...] = ()
    except ValueError:
        found, repairs = None, ("unreadable EXIF passed over",)
    return _known(found if found is not None else _orientation_in_xmp(picture)), repairs


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return (width, height) of an opened picture as it will be when it stands upright."""
    orientation, _ = orientation_of(picture)
    width, height = picture.size
    if isinstance(picture, TiffImagePlugin.TiffImageFile) and orientation in TRANSPOSED:
        # Newer versions of Pillow give the upright size on opening; the tags are as stored.
        width, height = (picture.tag_v2[tag] for tag in _TIFF_SIZE)
    return (height, width) if orientation in TRANSPOSED else (width, height)


def turn_upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Return a picture of the given orientation upright."""
    picture.load()
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        # Newer versions of Pillow turn TIFF while loading, and then forget the tag.
        orientation = _known(picture.getexif().get(ExifTags.Base.Orientation))
    method = TURNS.get(orientation)
    return picture if method is None else picture.transpose(method)


def first_value(block: bytes, tag: int) -> int | None:
    """Return the whole number under `tag` in the first directory of a TIFF structure.

    EXIF and the index of multi-picture JPEGs (CIPA DC-007) are such structures.

    Args:
        block: The structure, or nothing.
        tag: The number of the field.

    Raises:
        ValueError: It is cut short, or no such structure.
    """
    if not block:
        return None
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        raise ValueError("neither II nor MM")
    try:
        (start,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, start)
        for place in range(start + 2, start + 2 + 12 * count, 12):
            found, kind = struct.unpack_from(f"{order}HH", block, place)
            if found == tag and kind in _NUMBERS:
                return int(struct.unpack_from(order + _NUMBERS[kind], block, place + 8)[0])
    except struct.error as error:
        raise ValueError(str(error)) from error
    return None


def _known(orientation: object) -> int:
    return orientation if isinstance(orientation, int) and orientation in TURNS else 1


def _may_say_it_behind(picture: Image.Image) -> bool:
    """Return whether an opened PNG may have EXIF or XMP behind its pixels, which are unread."""
    file = getattr(picture, "fp", None)
    if file is None or picture.format != "PNG":
        return False
    if not isinstance(file, io.BytesIO):
        return True
    content, pixels_at = file.getvalue(), file.tell()
    return any(content.find(word, pixels_at) >= 0 for word in _SAID_IN_PNG)


def _exif(picture: Image.Image) -> bytes:
    """Return the EXIF block without its prefix; some write that twice.

    Raises:
        ValueError: It is in PNG's older form, as text, and that text is no hex.
    """
    block = picture.info.get("exif") or b""
    if not block and "Raw profile type exif" in picture.info:
        lines = str(picture.info["Raw profile type exif"]).split("\n")[3:]
        block = bytes.fromhex("".join(lines))
    return bytes(block).removeprefix(b"Exif\0\0").removeprefix(b"Exif\0\0")


def _orientation_in_xmp(picture: Image.Image) -> int | None:
    text = picture.info.get("XML:com.adobe.xmp") or picture.info.get("xmp") or b""
    found = _IN_XMP.search(text.encode() if isinstance(text, str) else bytes(text))
    return int(found[1]) if found else None
