"""Small, plain PNG files without Pillow's reader, whose work in Python outweighs the decoding."""

import struct
import zlib
from collections.abc import Mapping
from types import MappingProxyType

from PIL import Image

_BEGINNING = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_ENDING = struct.pack(">I4sI", 0, b"IEND", 0xAE426082)
_HEADER = struct.Struct(">IIBBBBB")
_CHUNK = struct.Struct(">I4s")
_PIXELS_AT = 33
_MODES: Mapping[int, tuple[str, int]] = MappingProxyType({0: ("L", 1), 2: ("RGB", 3)})
_CHANGE_NOTHING: Mapping[bytes, int] = MappingProxyType(
    {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
)
"""Chunks that no decoding here looks at, and how many bytes they must have."""

_MOST_BYTES = 1 << 16
"""Of the file, and of its pixels: of larger pictures decoding is most of the work."""

QUICK_SECONDS = 0.1
"""What such a picture never takes; so its reader needs no clock where that is allowed."""


def open_quickly(content: bytes) -> Image.Image | None:
    r"""Return the picture of a PNG file, decoded, or `None` where Pillow must be asked.

    It is taken only where nothing about it is in question: 8-bit grey or RGB, not interlaced,
    every checksum right, exactly the pixels that its header promises, and no chunk that says
    anything about colours, transparency or orientation.

    Args:
        content: A whole file.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> Image.new("L", (3, 2), 7).save(file, "PNG")
        >>> open_quickly(file.getvalue()).tobytes()
        b'\x07\x07\x07\x07\x07\x07'
    """
    if len(content) > _MOST_BYTES or not content.startswith(_BEGINNING):
        return None
    if not content.endswith(_ENDING) or len(content) < _PIXELS_AT + len(_ENDING):
        return None
    width, height, depth, colour, *rest = _HEADER.unpack_from(content, 16)
    if depth != 8 or colour not in _MODES or any(rest):
        return None
    mode, channels = _MODES[colour]
    line = width * channels + 1  # it begins with the number of its filter
    promised = height * line
    packed = _packed(content)
    if packed is None or not 0 < promised <= _MOST_BYTES:
        return None
    inflate = zlib.decompressobj()
    try:
        lines = inflate.decompress(packed, promised + 1)
        if not inflate.eof or inflate.unused_data or len(lines) != promised:
            return None
        if max(lines[::line]) > 4:
            return None
        return Image.frombytes(mode, (width, height), packed, "zip", mode)
    except (zlib.error, ValueError, OSError):
        return None


def _packed(content: bytes) -> bytes | None:
    """Return the compressed pixels, or `None` for a chunk that is wrong or says something."""
    view, place, end = memoryview(content), 8, len(content) - len(_ENDING)
    parts: list[memoryview] = []
    is_over = False
    while place < end:
        if place + 12 > end:
            return None
        length, name = _CHUNK.unpack_from(content, place)
        after = place + 12 + length
        if after > end or zlib.crc32(view[place + 4 : after - 4]) != int.from_bytes(
            view[after - 4 : after], "big"
        ):
            return None
        if name == b"IDAT":
            if is_over:
                return None
            parts.append(view[place + 8 : after - 4])
        elif place > 8 and _CHANGE_NOTHING.get(name) != length:
            return None
        else:
            is_over = bool(parts)
        place = after
    return b"".join(parts) if parts else None
