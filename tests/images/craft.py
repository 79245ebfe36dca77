"""Files made by hand, byte by byte: what no encoder would write."""

import io
import struct
import zlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from tellapart.images.arrays import Pixels

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
ADAM7 += [(0, 1, 1, 2)]


def encode(picture: Image.Image | Pixels, kind: str, **options: object) -> bytes:
    """Return a picture as Pillow's encoder of this kind writes it."""
    file = io.BytesIO()
    given = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    given.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png(width: int, height: int, form: tuple[int, int, int], raw: bytes, *more: bytes) -> bytes:
    """Return a PNG.

    Args:
        width: In pixels.
        height: In pixels.
        form: Bit depth, colour type and interlacing.
        raw: Scan lines, each with its filter byte; compressed here.
        more: Chunks before the pixels.
    """
    depth, colour, interlace = form
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    chunks = [chunk(b"IHDR", head), *more, chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def lines(samples: np.ndarray) -> bytes:
    """Return rows of samples as scan lines without a filter; 16 bits are big-endian."""
    wide = samples.astype(">u2") if samples.dtype == np.uint16 else samples
    return b"".join(b"\0" + row.tobytes() for row in wide)


def interlaced(samples: Pixels) -> bytes:
    parts = (samples[y::down, x::across] for x, y, across, down in ADAM7)
    return b"".join(lines(part) for part in parts if part.size)


def insert(jpeg: bytes, marker: int, payload: bytes) -> bytes:
    """Return a JPEG with a segment more, right after its beginning."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + jpeg[2:]


def without(jpeg: bytes, marker: int) -> bytes:
    """Return a JPEG without its first segment of this kind."""
    place = jpeg.index(bytes([0xFF, marker]))
    (length,) = struct.unpack_from(">H", jpeg, place + 2)
    return jpeg[:place] + jpeg[place + 2 + length :]


def frame_header(jpeg: bytes, place: int, values: bytes) -> bytes:
    """Return a baseline JPEG with other bytes in its frame header, counted from its length."""
    start = jpeg.index(b"\xff\xc0") + 2 + place
    return jpeg[:start] + values + jpeg[start + len(values) :]


def with_scans(progressive: bytes, count: int) -> bytes:
    """Return a progressive JPEG whose last scan comes `count` times more."""
    last = progressive.rindex(b"\xff\xda")
    return progressive[:-2] + progressive[last:-2] * count + b"\xff\xd9"


def exif(orientation: int, order: str = "<", kind: int = 3) -> bytes:
    """Return an EXIF block with one tag, of any byte order and type."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    value = struct.pack(order + {3: "HH", 4: "I"}[kind], *[orientation, 0][: 2 if kind == 3 else 1])
    return head + struct.pack(order + "IHHHI", 8, 1, 0x0112, kind, 1) + value + bytes(4)


def tiff(tags: Mapping[int, int], body: bytes = b"", following: int = 0) -> bytes:
    """Return a little-endian TIFF of one directory; its body begins at byte 8."""
    rows = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items())]
    directory = struct.pack("<H", len(rows)) + b"".join(rows) + struct.pack("<I", following)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def bmp(head: bytes, body: bytes) -> bytes:
    start = 14 + len(head)
    return struct.pack("<2sIHHI", b"BM", start + len(body), 0, 0, start) + head + body


def bmp_head(width: int, height: int, bits: int, compression: int = 0) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)


def gif_of(frames: int) -> bytes:
    """Return a GIF of many tiny frames, the first of them white."""
    head = b"GIF89a" + struct.pack("<HHBBB", 48, 36, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    part = struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\0"
    return head + (b"," + part) * frames + b";"


def boxes(brand: bytes, *compatible: bytes) -> bytes:
    """Return the beginning of an ISO media file of these brands."""
    content = brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 8 + len(content)) + b"ftyp" + content + bytes(64)
