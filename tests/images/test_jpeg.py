"""JPEGs at the scale that is needed: one function chooses it, and every way comes to it."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode, decode_array, decode_picture, read_file
from tellapart.images.fit import place
from tellapart.images.jpeg import MARGIN, SCALES, dct_scale
from tellapart.images.upright import TURNS
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from craft import encode
from photos import photo

FITS = ["pad", "crop", "stretch"]
SIDES = st.integers(1, 5000)
# What decision 006 states for photos: a loaded picture, or its array, against the file.
MOST_ON_AVERAGE, MOST = 1.0, 10


def spec(side: int = 32, **more: Any) -> ImageSpec:
    return ImageSpec.model_validate({"height": side, "width": side, "channels": 3, **more})


def oriented(upright: Pixels, orientation: int) -> bytes:
    """Return a JPEG that shows `upright` once it is turned."""
    back = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    picture = Image.fromarray(upright)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    if orientation in TURNS:
        picture = picture.transpose(back.get(orientation, TURNS[orientation]))
    return encode(picture, "JPEG", quality=95, exif=exif)


@given(SIDES, SIDES, st.sampled_from(FITS), st.integers(1, 300), st.integers(1, 300))
def test_the_scale_is_the_coarsest_that_leaves_the_margin(
    width: int, height: int, fit: str, high: int, wide: int
) -> None:
    asked = ImageSpec.model_validate({"height": high, "width": wide, "fit": fit})
    scale = dct_scale((width, height), asked)
    shrinking = place((width, height), asked).shrinking
    assert scale == 1 or shrinking / scale >= MARGIN
    assert all(shrinking / coarser < MARGIN for coarser in SCALES if coarser > scale)


@pytest.mark.parametrize(
    ("size", "fit", "scale"),
    [
        ((4000, 3000), "pad", 8),
        ((1152, 864), "pad", 2),
        ((400, 300), "pad", 1),
        # the short side counts where the middle is shown, the long one where all is
        ((4000, 448), "crop", 1),
        ((4000, 448), "pad", 8),
        ((4000, 448), "stretch", 1),
        # a line of pixels is one pixel high before and after
        ((4000, 1), "pad", 1),
    ],
)
def test_scales_at_224_pixels(size: tuple[int, int], fit: str, scale: int) -> None:
    assert dct_scale(size, spec(224, fit=fit)) == scale
    assert dct_scale(size, spec(224, fit=fit, interpolation="nearest")) == 1


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(517, 389), (70, 301), (33, 31)])
def test_bytes_file_and_opened_picture_give_the_same_pixels(
    tmp_path: Path, size: tuple[int, int], channels: int, fit: str
) -> None:
    content = encode(photo(*size), "JPEG", quality=90)
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    asked = spec(channels=channels, fit=fit)
    pixels = decode(content, asked).pixels
    assert np.array_equal(read_file(path, asked).pixels, pixels)
    with Image.open(path) as from_path, Image.open(io.BytesIO(content)) as from_bytes:
        assert np.array_equal(decode_picture(from_path, asked).pixels, pixels)
        assert np.array_equal(decode_picture(from_bytes, asked).pixels, pixels)


def test_a_file_that_was_opened_by_path_is_closed_and_its_picture_can_still_be_loaded(
    tmp_path: Path,
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(photo(517, 389), "JPEG"))
    picture = Image.open(path)
    file = picture.fp
    decode_picture(picture, spec())
    assert file is not None
    assert file.closed
    assert np.array_equal(np.asarray(picture), np.asarray(Image.open(path)))


def test_an_opened_picture_stays_as_it_was() -> None:
    with Image.open(io.BytesIO(encode(photo(517, 389), "JPEG"))) as picture:
        decode_picture(picture, spec(channels=1))
        assert (picture.size, picture.mode) == ((517, 389), "RGB")
        assert np.asarray(picture).shape == (389, 517, 3)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1000, 750), (517, 389), (261, 258), (130, 400), (128, 128)])
def test_a_loaded_picture_differs_by_no_more_than_is_stated(
    size: tuple[int, int], channels: int, interpolation: str
) -> None:
    content = encode(photo(*size), "JPEG", quality=90)
    asked = spec(channels=channels, interpolation=interpolation)
    assert dct_scale(size, asked) > 1
    whole = np.asarray(Image.open(io.BytesIO(content)))
    differences = np.abs(
        decode(content, asked).pixels.astype(int) - decode_array(whole, asked).pixels
    )
    assert differences.mean() <= MOST_ON_AVERAGE
    assert differences.max() <= MOST


def test_a_picture_that_is_decoded_whole_gives_what_its_array_gives() -> None:
    content = encode(photo(60, 50), "JPEG")
    assert dct_scale((60, 50), spec()) == 1
    whole = np.asarray(Image.open(io.BytesIO(content)))
    assert np.array_equal(decode(content, spec()).pixels, decode_array(whole, spec()).pixels)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("fit", FITS)
def test_a_scaled_picture_is_turned_without_a_shift(orientation: int, fit: str) -> None:
    # sides that leave 1 to 7 pixels over at every scale, and a slope that shows a shift
    slope = (
        np.linspace(0, 255, 525)[np.newaxis, :, np.newaxis]
        * np.linspace(0.3, 1, 395)[:, np.newaxis, np.newaxis]
    )
    upright = np.repeat(slope, 3, axis=2).astype(np.uint8)
    content = oriented(upright, orientation)
    asked = spec(24, fit=fit)
    assert dct_scale((525, 395), asked) == 8
    differences = decode(content, asked).pixels.astype(int) - decode_array(upright, asked).pixels
    assert np.abs(differences).max() <= 3
    assert abs(differences.mean()) < 0.3
