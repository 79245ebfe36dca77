"""Small PNG files go a short way, to the pixels of the long one, or are left to it."""

import io
import random
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from tellapart.errors import ImageError
from tellapart.images.decode import decode
from tellapart.images.limits import LIMITS
from tellapart.images.opening import open_picture
from tellapart.images.quick_png import open_quickly
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CORPUS

SPEC = ImageSpec(height=9, width=11, channels=3, fit="stretch")


def encode(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def with_chunk(content: bytes, name: bytes, inner: bytes) -> bytes:
    """Return a PNG with one more chunk after its header."""
    return content[:33] + chunk(name, inner) + content[33:]


PIXELS = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
PLAIN = encode(PIXELS)


@settings(deadline=None, max_examples=100)
@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.booleans(),
    st.integers(0, 9),
    st.integers(0, 2**32 - 1),
)
def test_the_short_way_gives_the_pixels(
    height: int, width: int, colour: bool, level: int, seed: int
) -> None:
    shape = (height, width, 3) if colour else (height, width)
    steps = np.random.default_rng(seed).integers(0, 3, shape)
    pixels = np.cumsum(steps, axis=0).astype(np.uint8)  # so that every filter is used
    quick = open_quickly(encode(pixels, compress_level=level))
    assert quick is not None
    np.testing.assert_array_equal(np.asarray(quick), pixels)


@pytest.mark.parametrize(
    ("name", "inner"),
    [
        (b"tRNS", b"\0\0"),
        (b"eXIf", b"MM\0*"),
        (b"iCCP", b"x\0\0"),
        (b"tEXt", b"Raw profile type exif\0x"),
        (b"sRGB", b""),
        (b"abcd", b""),
    ],
)
def test_whatever_says_something_about_pixels_goes_the_long_way(name: bytes, inner: bytes) -> None:
    assert open_quickly(with_chunk(PLAIN, name, inner)) is None


def test_chunks_that_change_nothing_change_nothing() -> None:
    content = with_chunk(with_chunk(PLAIN, b"pHYs", bytes(9)), b"gAMA", struct.pack(">I", 45455))
    quick = open_quickly(content)
    assert quick is not None
    np.testing.assert_array_equal(np.asarray(quick), PIXELS)
    np.testing.assert_array_equal(
        decode(content, ImageSpec()).pixels, decode(PLAIN, ImageSpec()).pixels
    )


@pytest.mark.parametrize(
    "content",
    [
        PLAIN[:-1],
        PLAIN + b"\0",
        PLAIN[:40],
        encode(PIXELS.astype(np.uint16) * 256),
        encode(np.dstack([PIXELS] * 4)),
        encode(np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8)),
    ],
    ids=["cut", "longer", "header", "16-bit", "alpha", "large"],
)
def test_what_is_not_small_plain_and_whole_goes_the_long_way(content: bytes) -> None:
    assert open_quickly(content) is None


def test_too_few_or_too_many_pixels_go_the_long_way() -> None:
    lines = zlib.compress(bytes(28 * 29))
    header = PLAIN[:33]
    end = chunk(b"IEND", b"")
    assert open_quickly(header + chunk(b"IDAT", lines) + end) is not None
    for packed in (
        zlib.compress(bytes(27 * 29)),
        zlib.compress(bytes(29 * 29)),
        lines[:-5],
        lines + b"more",
        zlib.compress(bytes([7]) * (28 * 29)),
    ):
        assert open_quickly(header + chunk(b"IDAT", packed) + end) is None


def long_way(content: bytes) -> np.ndarray | str:
    """Return what Pillow's own reader makes of a file, or the reason why it refuses."""
    from tellapart.images.decode import _decode
    from tellapart.images.limits import library_errors

    try:
        with library_errors("x"), open_picture(content, "PNG", "x", LIMITS) as picture:
            return _decode(picture, SPEC, "x", LIMITS).pixels
    except ImageError as error:
        return error.reason


def test_of_mutated_files_both_ways_make_the_same() -> None:
    draw = random.Random(0)
    plain = [entry.content for name, entry in CORPUS.items() if entry.content[1:4] == b"PNG"]
    files = [PLAIN, encode(np.dstack([PIXELS] * 3)), *plain]
    taken = 0
    for number in range(1500):
        content = bytearray(files[number % len(files)])
        for _ in range(draw.randint(0, 2)):
            content[draw.randrange(len(content))] = draw.randrange(256)
        if open_quickly(bytes(content)) is None:
            continue
        taken += 1
        expected = long_way(bytes(content))
        assert isinstance(expected, np.ndarray), expected
        np.testing.assert_array_equal(decode(bytes(content), SPEC).pixels, expected)
    assert taken > 20


def test_a_text_chunk_that_turns_a_picture_still_turns_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    info = PngImagePlugin.PngInfo()
    content = encode(PIXELS, exif=exif, pnginfo=info)
    assert decode(content, ImageSpec()).repairs == ("turned upright by its EXIF orientation",)
