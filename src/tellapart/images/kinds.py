"""Which kinds of pictures are read, and how they are told from other files: by content."""

import os
import re
import struct
from collections.abc import Mapping
from types import MappingProxyType

HEAD_BYTES = 64
"""How much of a file `kind_of` wants to see."""

SUFFIXES_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "AVIF": (".avif",),
        "BMP": (".bmp",),
        "GIF": (".gif",),
        "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
        "PNG": (".png", ".apng"),
        "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
        "TIFF": (".tif", ".tiff"),
        "WebP": (".webp",),
    }
)
"""The endings that files of each kind have, in lower case."""

SUFFIXES = frozenset(suffix for suffixes in SUFFIXES_OF.values() for suffix in suffixes)
"""The endings of the files that a folder source takes for pictures."""

_BEGINNINGS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_PPM = re.compile(rb"P[1-6]\s+[#0-9]")
_BMP_HEADS = frozenset({12, 40, 52, 56, 64, 108, 124})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})


def kind_of(content: bytes) -> str | None:
    """Return what kind of picture a file is by its first bytes, or `None` for no picture.

    It looks at the beginning alone: what it names may still be damaged further on.

    Args:
        content: A whole file, or its first `HEAD_BYTES`, which decide.

    Example:
        >>> kind_of(b"GIF89a..."), kind_of(b"%PDF-1.7")
        ('GIF', None)
    """
    content = content[:HEAD_BYTES]
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content.startswith(b"RIFF") and content[8:15] == b"WEBPVP8":
        return "WebP"
    if _is_avif(content):
        return "AVIF"
    if _PPM.match(content):
        return "PPM"
    # Two letters alone would take many a text for a picture.
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in _BMP_HEADS:
        return "BMP"
    return None


def suffix_remark(name: str, kind: str) -> tuple[str, ...]:
    """Return a remark where a file's ending is that of another kind, else nothing.

    Args:
        name: The file's name; one without a picture's ending promises nothing.
        kind: What it is.

    Example:
        >>> suffix_remark("cat.PNG", "JPEG")
        ('JPEG named .png',)
    """
    suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122 - a path is slower than the rest
    wrong = suffix in SUFFIXES and suffix not in SUFFIXES_OF[kind]
    return (f"{kind} named {suffix}",) if wrong else ()


def _is_avif(content: bytes) -> bool:
    """Return whether an ISO media file names AVIF among its brands; HEIC does not."""
    if content[4:8] != b"ftyp" or len(content) < 16:
        return False
    (length,) = struct.unpack_from(">I", content)
    brands = content[8:12] + content[16 : min(length, len(content))]
    return any(brands[place : place + 4] in _AVIF_BRANDS for place in range(0, len(brands), 4))
