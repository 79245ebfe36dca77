"""Pictures that were held otherwise: turned upright wherever their files say so."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from craft import chunk, encode, exif, lines, png

from tellapart.errors import ImageError
from tellapart.images.decode import decode, decode_picture
from tellapart.images.examine import examine, original_size
from tellapart.images.showing import open_shown
from tellapart.sections import ImageSpec

STORED = (np.arange(12, dtype=np.uint8) * 20).reshape(2, 6)
UPRIGHT = np.rot90(STORED, -1)
SPEC = ImageSpec(height=6, width=2)
AS_TEXT = b"\nexif\n  26\n" + exif(6).hex().encode()
XMP = b'<x tiff:Orientation="6"/>'
BEHIND = {
    "EXIF": chunk(b"eXIf", exif(6)),
    "EXIF as text": chunk(b"tEXt", b"Raw profile type exif\0" + AS_TEXT),
    "XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
}


def behind(more: bytes) -> bytes:
    """Return a PNG with a chunk behind its pixels."""
    whole = png(6, 2, (8, 0, 0), lines(STORED))
    return whole[:-12] + more + whole[-12:]


def tiff(orientation: int, **options: object) -> bytes:
    return encode(STORED, "TIFF", tiffinfo={0x0112: orientation}, **options)


SIDEWAYS = {
    **{f"PNG, {name}": behind(more) for name, more in BEHIND.items()},
    "TIFF": tiff(6),
    "TIFF, LZW": tiff(6, compression="tiff_lzw"),
    "TIFF, several": tiff(6, save_all=True, append_images=[Image.fromarray(STORED)]),
}


@pytest.mark.parametrize("name", SIDEWAYS)
def test_a_sideways_picture_is_decoded_upright(name: str) -> None:
    decoded = decode(SIDEWAYS[name], SPEC)
    assert np.array_equal(decoded.pixels[:, :, 0], UPRIGHT)
    assert "turned upright by its EXIF orientation" in decoded.repairs


@pytest.mark.parametrize("name", SIDEWAYS)
def test_its_own_size_is_the_upright_one(name: str) -> None:
    content = SIDEWAYS[name]
    assert original_size(content, name) == (2, 6)
    assert np.array_equal(examine(content, name).pixels[:, :, 0], UPRIGHT)
    shown = open_shown(content, name)
    assert shown.size == (2, 6)
    assert np.array_equal(shown.pixels[:, :, 0], UPRIGHT)


@pytest.mark.parametrize("is_loaded", [False, True])
@pytest.mark.parametrize("name", SIDEWAYS)
def test_an_opened_picture_is_turned_like_its_file(name: str, *, is_loaded: bool) -> None:
    with Image.open(io.BytesIO(SIDEWAYS[name])) as picture:
        if is_loaded:
            picture.load()
        shown = open_shown(picture, name)
        assert shown.size == (2, 6)
        assert np.array_equal(shown.pixels[:, :, 0], UPRIGHT)
        assert np.array_equal(decode_picture(picture, SPEC).pixels[:, :, 0], UPRIGHT)


def test_a_png_opened_by_its_path_is_turned_by_what_stands_behind_its_pixels(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(behind(BEHIND["EXIF"]))
    with Image.open(path) as picture:
        assert np.array_equal(decode_picture(picture, SPEC).pixels[:, :, 0], UPRIGHT)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_has_the_size_that_its_orientation_gives_it(orientation: int) -> None:
    size = (2, 6) if orientation >= 5 else (6, 2)
    content = tiff(orientation)
    assert original_size(content, "a.tif") == size
    assert examine(content, "a.tif").pixels.shape[1::-1] == size


def test_the_size_of_a_plain_png_is_told_even_if_its_pixels_are_cut_off() -> None:
    assert original_size(png(6, 2, (8, 0, 0), b""), "a.png") == (6, 2)


def test_a_png_with_an_orientation_behind_pixels_that_end_early_is_refused() -> None:
    whole = png(6, 2, (8, 0, 0), lines(STORED[:1]))
    cut = whole[:-12] + BEHIND["EXIF"] + whole[-12:]
    for read in (lambda: decode(cut, SPEC, "a.png"), lambda: original_size(cut, "a.png")):
        with pytest.raises(ImageError) as caught:
            read()
        assert (caught.value.reason, caught.value.name) == ("truncated", "a.png")
