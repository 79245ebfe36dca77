"""Copies are found again after slight changes; other pictures, however alike, are not."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tellapart.data.alignment import residuals
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import (
    LOOSEST,
    STRICTEST,
    Duplicates,
    cluster_samples,
    cluster_together,
    find_duplicates,
)
from tellapart.data.fingerprints import fingerprint
from tellapart.data.folder import from_folder
from tellapart.data.measures import measure
from tellapart.sections import ImageSpec

EACH, CLEAN = 40, 2000


@cache
def photos(side: int = 140) -> tuple[Image.Image, ...]:
    """Return square parts of two real photos that scikit-learn brings, none overlapping."""
    from sklearn.datasets import load_sample_images

    return tuple(
        Image.fromarray(np.ascontiguousarray(image[top : top + side, left : left + side]))
        for image in load_sample_images().images
        for top in range(0, image.shape[0] - side + 1, side)
        for left in range(0, image.shape[1] - side + 1, side)
    )


def encoded(picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=75)
    return Image.open(file)


def resized(picture: Image.Image) -> Image.Image:
    smaller = picture.resize((picture.width * 3 // 4, picture.height * 3 // 4))
    return smaller.resize(picture.size, Image.Resampling.BICUBIC)


def cropped(picture: Image.Image) -> Image.Image:
    cut = max(1, picture.width // 24)
    box = (cut, 0, picture.width - cut, picture.height - 2 * cut)
    return picture.resize(picture.size, Image.Resampling.BICUBIC, box)


def mirrored(picture: Image.Image) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def brightened(picture: Image.Image) -> Image.Image:
    return picture.point(lambda level: min(255, round(level * 1.25 + 10)))


# What the whole of the project is held to: 95% of the encoded, 70% of the others.
WANTED: dict[Callable[[Image.Image], Image.Image], float] = {
    encoded: 0.95,
    resized: 0.95,
    mirrored: 0.95,
    cropped: 0.70,
    brightened: 0.70,
}


@pytest.fixture(scope="module")
def planted(fashion: Dataset) -> Duplicates:
    """Return what is found among real pictures, with copies of the first ones at the end."""
    clean = fashion.train.take(np.arange(50_000, 50_000 + CLEAN)).decode(ImageSpec()).pixels
    copies = [
        np.asarray(change(Image.fromarray(clean[kind * EACH + i, :, :, 0])))
        for kind, change in enumerate(WANTED)
        for i in range(EACH)
    ]
    return find_duplicates(measure(np.concatenate([clean, np.stack(copies)[..., np.newaxis]])))


@pytest.mark.parametrize(
    ("kind", "change"), list(enumerate(WANTED)), ids=[w.__name__ for w in WANTED]
)
def test_changed_copies_are_found(
    planted: Duplicates, kind: int, change: Callable[[Image.Image], Image.Image]
) -> None:
    originals = np.arange(kind * EACH, (kind + 1) * EACH)
    found = planted.near[originals] == planted.near[originals + CLEAN]
    assert found.mean() >= WANTED[change]


def test_hardly_any_other_picture_is_flagged(planted: Duplicates) -> None:
    sizes = np.bincount(planted.near[:CLEAN], minlength=planted.near.max() + 1)
    flagged = sizes[planted.near[:CLEAN]] > 1
    assert flagged[EACH * len(WANTED) :].mean() <= 0.005


def test_a_changed_copy_does_not_count_as_exact(planted: Duplicates) -> None:
    assert np.bincount(planted.exact).max() == 1


@settings(deadline=None, max_examples=10)
@given(st.lists(st.integers(0, 49), min_size=2, max_size=60))
def test_equal_pixels_are_one_cluster_and_all_of_it(fashion: Dataset, chosen: list[int]) -> None:
    pixels = fashion.test.take(np.array(chosen)).decode(ImageSpec()).pixels
    found = find_duplicates(measure(pixels))
    same = np.equal.outer(chosen, chosen)
    assert np.array_equal(np.equal.outer(found.exact, found.exact), same)
    assert (np.equal.outer(found.near, found.near) >= same).all()


@pytest.mark.parametrize("change", list(WANTED))
def test_copies_of_photos_are_found_among_photos(
    change: Callable[[Image.Image], Image.Image],
) -> None:
    originals = photos()
    copies = [change(picture) for picture in originals[:8]]
    pixels = np.stack([np.asarray(picture.convert("RGB")) for picture in (*originals, *copies)])
    near = find_duplicates(measure(pixels)).near
    count = len(originals)
    assert (near[count:] == near[:8]).mean() >= 0.75
    assert len(set(near[:count].tolist())) == count


def test_clusters_of_files_number_every_sample_also_the_unreadable(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for index, picture in enumerate(photos()[:6]):
        picture.save(tmp_path / "a" / f"{index}.png")
    photos()[2].resize((300, 300)).save(tmp_path / "b" / "0.jpg", quality=85)
    mirrored(photos()[4]).save(tmp_path / "b" / "1.png")
    (tmp_path / "b" / "2.png").write_bytes(b"no picture")
    numbers = cluster_samples(from_folder(tmp_path).train)
    assert len(numbers) == 9
    assert numbers[6] == numbers[2]
    assert numbers[7] == numbers[4]
    assert len(set(numbers.tolist())) == 7
    assert set(numbers.tolist()) == set(range(7))


def test_blank_pictures_are_the_same_by_their_pixels_alone() -> None:
    pixels = np.stack([np.full((28, 28, 1), level, np.uint8) for level in (0, 7, 0, 9)])
    samples = from_arrays({"train": (pixels, [0, 1, 0, 1])}).train
    numbers = cluster_samples(samples)
    assert numbers[0] == numbers[2]
    assert len(set(numbers.tolist())) == 3


@pytest.mark.parametrize("count", [1, 2, 3, 17])
def test_few_pictures_are_enough(fashion: Dataset, count: int) -> None:
    pixels = fashion.test.take(np.arange(count)).decode(ImageSpec()).pixels
    assert len(set(find_duplicates(measure(pixels)).near.tolist())) == count


def test_the_answer_is_the_same_again(fashion: Dataset) -> None:
    samples = fashion.test.take(np.arange(300))
    assert np.array_equal(cluster_samples(samples), cluster_samples(samples))


def test_a_mirrored_fingerprint_is_that_of_the_mirrored_picture(fashion: Dataset) -> None:
    thumbnails = measure(fashion.test.take(np.arange(40)).decode(ImageSpec()).pixels).thumbnails
    both = fingerprint(np.concatenate([thumbnails, thumbnails[:, :, ::-1]]))
    assert both.vectors[40:] == pytest.approx(both.mirrored[:40], abs=1e-2)


def test_nothing_is_left_of_a_picture_relit_and_much_of_another(fashion: Dataset) -> None:
    thumbnails = measure(fashion.test.take(np.arange(40)).decode(ImageSpec()).pixels).thumbnails
    assert residuals(thumbnails, thumbnails // 2 + 40, np.inf).max() < 1e-3
    assert np.median(residuals(thumbnails[:-1], thumbnails[1:], np.inf)) > 0.1


def test_copies_of_photos_are_found_where_most_photos_are_there_twice() -> None:
    originals = photos()
    copies = [change(p) for p in originals for change in (cropped, mirrored, brightened)]
    pixels = np.stack([np.asarray(picture.convert("RGB")) for picture in (*originals, *copies)])
    near = find_duplicates(measure(pixels)).near
    count = len(originals)
    assert (near[count:] == np.repeat(near[:count], 3)).mean() >= 0.9
    assert len(set(near[:count].tolist())) == count


@pytest.mark.parametrize("index", [1, 4, 11])
def test_a_photo_that_ends_at_white_is_found_in_its_original(index: int) -> None:
    original = photos()[index].convert("RGB")
    bright = original.point(lambda level: min(255, round(level * 1.4 + 30)))
    assert (np.asarray(bright) == 255).mean() > 0.1
    pixels = np.stack([np.asarray(original), np.asarray(bright), np.asarray(photos()[5])])
    first, second, stranger = measure(pixels).thumbnails[:, np.newaxis]
    assert residuals(first, second, np.inf)[0] < STRICTEST
    assert residuals(first, stranger, np.inf)[0] > LOOSEST


def test_clusters_are_numbered_alike_in_several_rows(fashion: Dataset) -> None:
    train, test = fashion.train.take(np.arange(40)), fashion.train.take(np.array([7, 50, 3]))
    first, second = cluster_together((train, test))
    assert (len(first), len(second)) == (40, 3)
    assert [np.flatnonzero(first == number).tolist() for number in second] == [[7], [], [3]]


def test_a_negative_is_no_copy(fashion: Dataset) -> None:
    thumbnails = measure(fashion.test.take(np.arange(10)).decode(ImageSpec()).pixels).thumbnails
    assert np.isinf(residuals(thumbnails, 255 - thumbnails, 0.01)).all()
