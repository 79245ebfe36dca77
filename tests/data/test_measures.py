"""What is measured on pixels: the same for the same picture, however it is stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from tellapart.data.dataset import Dataset
from tellapart.data.measures import SIDE, join_measures, measure, resize, tiny_pictures
from tellapart.sections import ImageSpec


def real(fashion: Dataset, count: int = 50) -> np.ndarray:
    return fashion.test.take(np.arange(count)).decode(ImageSpec()).pixels


def test_grey_pictures_have_one_digest_in_grey_and_in_rgb(fashion: Dataset) -> None:
    grey = real(fashion)
    colour = np.repeat(grey, 3, axis=3)
    assert measure(grey).digests.tolist() == measure(colour).digests.tolist()
    assert len(set(measure(grey).digests.tolist())) == len(grey)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 27), st.integers(0, 27), st.integers(1, 255), st.integers(0, 49))
def test_a_single_changed_level_changes_the_digest(
    fashion: Dataset, row: int, column: int, by: int, index: int
) -> None:
    pixels = real(fashion)[index : index + 1]
    changed = pixels.copy()
    changed[0, row, column, 0] = (int(changed[0, row, column, 0]) + by) % 256
    assert measure(pixels).digests[0] != measure(changed).digests[0]


def test_equal_bytes_in_another_shape_are_another_picture() -> None:
    high, wide = np.zeros((1, 4, 2, 1), np.uint8), np.zeros((1, 2, 4, 1), np.uint8)
    assert measure(high).digests[0] != measure(wide).digests[0]


def test_luminance_and_contrast_are_mean_and_deviation_of_the_levels(fashion: Dataset) -> None:
    pixels = real(fashion)
    found = measure(pixels)
    assert found.luminance == pytest.approx(pixels.mean(axis=(1, 2, 3)), abs=0.01)
    assert found.contrast == pytest.approx(pixels.std(axis=(1, 2, 3)), abs=0.01)


def test_blur_lowers_sharpness_and_light_does_not(fashion: Dataset) -> None:
    pixels = real(fashion)
    blurred = np.stack(
        [np.asarray(Image.fromarray(p[..., 0]).filter(ImageFilter.GaussianBlur(2))) for p in pixels]
    )[..., np.newaxis]
    sharp = measure(pixels).sharpness
    assert (measure(blurred).sharpness < sharp / 4).all()
    assert measure(pixels // 2).sharpness == pytest.approx(sharp, rel=0.2)


def test_one_level_alone_has_neither_contrast_nor_sharpness() -> None:
    found = measure(np.full((1, 9, 5, 3), 77, np.uint8))
    assert found.contrast[0] == found.sharpness[0] == 0
    assert (found.thumbnails == 77).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 255))
def test_resizing_keeps_a_plain_level_at_any_size(height: int, width: int, level: int) -> None:
    plain = np.full((1, height, width), level, np.float32)
    assert resize(plain, SIDE, SIDE) == pytest.approx(np.full((1, SIDE, SIDE), level), abs=0.01)


def test_a_thumbnail_is_what_pillow_makes_of_the_picture(fashion: Dataset) -> None:
    pixels = real(fashion)
    for side in (20, 28, 100):
        given_ = [Image.fromarray(p[..., 0]).resize((side, side)) for p in pixels]
        theirs = [
            np.asarray(p.resize((SIDE, SIDE), Image.Resampling.BILINEAR), int) for p in given_
        ]
        ours = measure(np.stack([np.asarray(p) for p in given_])[..., np.newaxis]).thumbnails
        assert np.abs(ours - np.stack(theirs)).max() <= 1


def test_portions_joined_are_the_whole(fashion: Dataset) -> None:
    pixels = real(fashion)
    whole, joined = measure(pixels), join_measures([measure(pixels[:20]), measure(pixels[20:])])
    assert joined.digests.tolist() == whole.digests.tolist()
    assert np.array_equal(joined.thumbnails, whole.thumbnails)


def test_tiny_pictures_keep_the_means_of_each_channel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 40, 24, 3), dtype=np.uint8)
    found = tiny_pictures(pixels).reshape(3, 8, 8, 3)
    assert np.allclose(found.mean(axis=(1, 2)), pixels.mean(axis=(1, 2)), atol=6)
    halves = np.zeros((1, 16, 16, 1), np.uint8)
    halves[:, 8:] = 200
    rows = tiny_pictures(halves).reshape(8, 8).mean(axis=1)
    assert rows[0] == 0
    assert rows[-1] == 200
