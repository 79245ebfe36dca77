"""Making a picture fit: the geometry of pad, crop and stretch."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode, decode_array, decode_picture
from tellapart.sections import ImageSpec

FITS = ["pad", "crop", "stretch"]
SIDES = st.integers(1, 40)


def spec(height: int, width: int, **more: Any) -> ImageSpec:
    return ImageSpec.model_validate({"height": height, "width": width, **more})


def png(array: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


@st.composite
def pictures(draw: st.DrawFn) -> Pixels:
    """Return grey or colour pixels of a size up to 40×40."""
    size = (draw(SIDES), draw(SIDES))
    shape = draw(st.sampled_from([size, (*size, 3)]))
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@settings(deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(SIDES, SIDES)), st.sampled_from(FITS))
def test_a_grey_png_of_the_asked_size_is_not_touched(array: Pixels, fit: str) -> None:
    decoded = decode(png(array), spec(*array.shape, fit=fit, interpolation="lanczos"))
    assert np.array_equal(decoded.pixels[:, :, 0], array)
    assert decoded.repairs == ()


@settings(deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(SIDES, SIDES, st.just(3))), st.sampled_from(FITS))
def test_a_colour_png_of_the_asked_size_is_not_touched(array: Pixels, fit: str) -> None:
    decoded = decode(png(array), spec(*array.shape[:2], channels=3, fit=fit))
    assert np.array_equal(decoded.pixels, array)
    assert decoded.repairs == ()


@pytest.mark.parametrize("fit", FITS)
@settings(deadline=None)
@given(
    pictures(),
    SIDES,
    SIDES,
    st.sampled_from([1, 3]),
    st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos"]),
)
def test_an_array_and_its_png_give_the_same_pixels(
    fit: str, array: Pixels, height: int, width: int, channels: int, interpolation: str
) -> None:
    asked = spec(height, width, channels=channels, fit=fit, interpolation=interpolation)
    from_array = decode_array(array, asked).pixels
    assert from_array.shape == asked.shape
    assert np.array_equal(from_array, decode(png(array), asked).pixels)


def test_pad_keeps_the_whole_picture_in_the_middle_of_the_ground() -> None:
    wide = np.array([[10, 20, 30, 40], [50, 60, 70, 80]], np.uint8)
    padded = decode_array(wide, spec(4, 4, fit="pad", background=9)).pixels[:, :, 0]
    ground = [9] * 4
    assert padded.tolist() == [ground, *wide.tolist(), ground]
    tall = decode_array(wide.T, spec(4, 4, fit="pad", background=9)).pixels[:, :, 0]
    assert np.array_equal(tall, padded.T)


def test_the_ground_is_grey_in_colour_pictures_too() -> None:
    red = np.zeros((2, 4, 3), np.uint8) + np.array([255, 0, 0], np.uint8)
    padded = decode_array(red, spec(4, 4, channels=3, background=9)).pixels
    assert padded[0].tolist() == padded[3].tolist() == [[9, 9, 9]] * 4
    assert padded[1:3].tolist() == [[[255, 0, 0]] * 4] * 2


def test_crop_keeps_the_middle() -> None:
    wide = np.array([[10, 20, 30, 40], [50, 60, 70, 80]], np.uint8)
    cropped = decode_array(wide, spec(2, 2, fit="crop")).pixels[:, :, 0]
    assert cropped.tolist() == [[20, 30], [60, 70]]
    tall = decode_array(wide.T, spec(2, 2, fit="crop")).pixels[:, :, 0]
    assert np.array_equal(tall, cropped.T)


def test_stretch_fills_both_sides() -> None:
    wide = np.array([[10, 20]], np.uint8)
    stretched = decode_array(wide, spec(2, 4, fit="stretch", interpolation="nearest")).pixels
    assert stretched[:, :, 0].tolist() == [[10, 10, 20, 20]] * 2


def test_nearest_makes_no_new_levels_and_bilinear_does() -> None:
    edge = np.array([[0, 255]], np.uint8)
    nearest = decode_array(edge, spec(1, 8, fit="stretch", interpolation="nearest"))
    bilinear = decode_array(edge, spec(1, 8, fit="stretch", interpolation="bilinear"))
    assert set(nearest.pixels.flat) == {0, 255}
    assert len(set(bilinear.pixels.flat)) > 2


@settings(deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), SIDES, SIDES)
def test_pad_shows_the_picture_as_large_as_fits_in_its_own_shape(
    picture_height: int, picture_width: int, height: int, width: int
) -> None:
    white = Image.new("L", (picture_width, picture_height), 255)
    pixels = decode_picture(white, spec(height, width, fit="pad")).pixels[:, :, 0]
    rows, columns = pixels.any(axis=1), pixels.any(axis=0)
    shown_height, shown_width = int(rows.sum()), int(columns.sum())
    assert (pixels == 255).sum() == shown_height * shown_width > 0
    assert shown_height == height or shown_width == width
    scale = min(height / picture_height, width / picture_width)
    assert abs(shown_height - max(1.0, picture_height * scale)) <= 0.5
    assert abs(shown_width - max(1.0, picture_width * scale)) <= 0.5
    top, left = int(rows.argmax()), int(columns.argmax())
    assert abs((height - shown_height) - 2 * top) <= 1
    assert abs((width - shown_width) - 2 * left) <= 1


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(1, 1000), (1000, 1)])
def test_a_picture_as_thin_as_a_line_does_not_vanish(size: tuple[int, int], fit: str) -> None:
    pixels = decode_picture(Image.new("L", size, 255), ImageSpec.model_validate({"fit": fit}))
    assert 255 in pixels.pixels


def _matrix(given: int, shown: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return what bilinear resampling multiplies one direction with, rounded as Pillow rounds."""
    centres = (np.arange(shown)[:, None] + 0.5) * given / shown
    reach = max(given / shown, 1.0)
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(given) + 0.5 - centres) / reach)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.trunc(weights * 2**22 + 0.5) / 2**22


@pytest.mark.parametrize("size", [(300, 40), (40, 300), (90, 31), (31, 90), (9, 70), (70, 9)])
def test_a_picture_is_resampled_across_and_then_down_whatever_pillow_prefers(
    size: tuple[int, int],
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    found = decode_array(picture, spec(28, 28, fit="stretch"), "noise").pixels[..., 0]
    across = np.floor(picture @ _matrix(size[1], 28).T + 0.5)
    down = np.floor(_matrix(size[0], 28) @ across + 0.5)
    assert np.array_equal(found, down)
