"""Decoding: any bytes become pixels of the asked shape, or one ImageError with its reason."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import Decoded, decode, decode_picture, read_file
from tellapart.images.limits import MAX_PIXELS
from tellapart.sections import ImageSpec

SPEC = ImageSpec(height=9, width=7, channels=3)
REASONS = {"empty", "unknown-format", "too-large", "truncated", "damaged", "range"}
NOISE = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)


def encode(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


FILES = {kind: encode(Image.fromarray(NOISE), kind) for kind in ("PNG", "JPEG")}
FILES["EXIF"] = encode(Image.fromarray(NOISE), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0" * 2)
KINDS = st.sampled_from(sorted(FILES))


def outcome(content: bytes) -> Decoded | ImageError:
    try:
        return decode(content, SPEC, "it")
    except ImageError as error:
        return error


def assert_pixels_or_an_image_error(content: bytes) -> None:
    result = outcome(content)
    if isinstance(result, ImageError):
        assert result.reason in REASONS
        assert str(result).startswith(f"Cannot read it as a picture ({result.reason}): ")
        assert result.detail
    else:
        assert result.pixels.shape == SPEC.shape
        assert result.pixels.dtype == np.uint8


@settings(deadline=None, max_examples=200)
@given(st.sampled_from([b"", *(content[:16] for content in FILES.values())]), st.binary())
def test_any_bytes_give_pixels_or_an_image_error(start: bytes, rest: bytes) -> None:
    assert_pixels_or_an_image_error(start + rest)


@settings(deadline=None, max_examples=300)
@given(KINDS, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_picture_with_changed_bytes_gives_pixels_or_an_image_error(
    kind: str, changes: list[tuple[float, int]]
) -> None:
    content = bytearray(FILES[kind])
    for place, value in changes:
        # Squared, because most of what can go wrong is in the head.
        content[int(place**2 * (len(content) - 1))] = value
    assert_pixels_or_an_image_error(bytes(content))


@settings(deadline=None, max_examples=100)
@given(KINDS, st.floats(0, 1))
def test_a_picture_cut_anywhere_gives_pixels_or_an_image_error(kind: str, share: float) -> None:
    assert_pixels_or_an_image_error(FILES[kind][: int(share * len(FILES[kind]))])


def error_for(content: bytes) -> ImageError:
    with pytest.raises(ImageError) as caught:
        decode(content, SPEC, "cat.jpg")
    assert caught.value.exit_code == 3
    assert caught.value.name == "cat.jpg"
    assert "cat.jpg" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_half_a_picture_is_called_truncated(kind: str) -> None:
    error = error_for(FILES[kind][: len(FILES[kind]) // 2])
    assert error.reason == "truncated"
    assert "image file is truncated" in error.detail


def test_no_bytes_are_called_empty() -> None:
    assert error_for(b"").reason == "empty"


@pytest.mark.parametrize(
    "content", [b"hello", b"<html></html>", b"BMW is a maker of cars.", bytes(100)]
)
def test_what_is_no_picture_is_called_an_unknown_format(content: bytes) -> None:
    assert error_for(content).reason == "unknown-format"


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes: one that is decoded turns out truncated."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(100))
    chunks = [chunk(b"IHDR", head), chunk(b"IDAT", body), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("size", [(10_000, 9_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_of_too_many_pixels_is_refused_undecoded(size: tuple[int, int]) -> None:
    error = error_for(png_that_claims(*size))
    assert error.reason == "too-large"
    assert f"{MAX_PIXELS:,}" in error.detail


def test_the_warning_of_the_image_library_made_an_error_changes_no_reason() -> None:
    assert error_for(png_that_claims(10_000, 9_000)).reason == "too-large"


def test_a_missing_file_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no such file") as caught:
        read_file(tmp_path / "none.png", SPEC)
    assert (caught.value.reason, caught.value.name) == ("missing", str(tmp_path / "none.png"))


def test_a_folder_is_called_unreadable(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="Is a directory") as caught:
        read_file(tmp_path, SPEC)
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_file_is_decoded_like_its_bytes(tmp_path: Path, kind: str) -> None:
    content = encode(Image.fromarray(NOISE), kind)
    path = tmp_path / "picture"
    path.write_bytes(content)
    assert np.array_equal(read_file(path, SPEC).pixels, decode(content, SPEC).pixels)


TURNED: dict[int, Callable[[Pixels], Pixels]] = {
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: np.rot90,
}
STORED: Pixels = (np.arange(6, dtype=np.uint8) * 40).reshape(2, 3, 1)


def decode_oriented(orientation: int, height: int, width: int) -> Decoded:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = encode(Image.fromarray(STORED[:, :, 0]), "PNG", exif=exif)
    return decode(content, ImageSpec(height=height, width=width))


@pytest.mark.parametrize("orientation", TURNED)
def test_a_picture_is_turned_upright_by_its_exif_orientation(orientation: int) -> None:
    upright = TURNED[orientation](STORED)
    decoded = decode_oriented(orientation, *upright.shape[:2])
    assert np.array_equal(decoded.pixels, upright)
    assert decoded.repairs == ("turned upright by its EXIF orientation",)


@pytest.mark.parametrize("orientation", [0, 1, 9])
def test_an_orientation_without_a_meaning_changes_nothing(orientation: int) -> None:
    decoded = decode_oriented(orientation, 2, 3)
    assert np.array_equal(decoded.pixels, STORED)
    assert decoded.repairs == ()


def test_unreadable_exif_is_passed_over_and_said() -> None:
    content = encode(Image.fromarray(STORED[:, :, 0]), "PNG", exif=b"Exif\0\0MM")
    decoded = decode(content, ImageSpec(height=2, width=3))
    assert np.array_equal(decoded.pixels, STORED)
    assert decoded.repairs == ("unreadable EXIF passed over",)


def test_the_first_frame_of_an_animation_is_taken() -> None:
    frames = [Image.new("L", (7, 9), level) for level in (10, 200, 90)]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    decoded = decode(content, SPEC)
    assert np.unique(decoded.pixels).tolist() == [10]
    assert decoded.repairs == ("first frame of several",)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "MPO", "AVIF"])
def test_a_picture_on_another_frame_gives_the_first_and_stays_where_it_is(kind: str) -> None:
    frames = [Image.new("RGB", (7, 9), (level,) * 3) for level in (10, 200, 90)]
    content = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(content)) as opened:
        opened.seek(2)
        assert np.array_equal(decode_picture(opened, SPEC).pixels, decode(content, SPEC).pixels)
        assert opened.tell() == 2
        assert abs(int(np.asarray(opened.convert("L")).mean()) - 90) <= 3
