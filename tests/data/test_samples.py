"""The table of samples: what it refuses, how it is taken apart and shown."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tellapart.data.dataset import Dataset
from tellapart.data.samples import Samples, natural_key, order_class_names
from tellapart.data.stores import ArrayImages
from tellapart.errors import DataError, UsageError
from tellapart.figures import Picture

NAMES = ("ant", "bee", "cat")


def samples_of(targets: list[int], count: int | None = None) -> Samples:
    """Return samples whose pictures are as bright as their position."""
    levels = np.arange(len(targets) if count is None else count, dtype=np.uint8)
    pixels = np.broadcast_to(levels[:, None, None, None], (len(levels), 4, 4, 1))
    return Samples(ArrayImages(pixels, "train images"), np.array(targets, np.int64), NAMES, "train")


def titles_of(picture: Picture) -> list[str]:
    return [axes.get_title() for axes in picture.axes if axes.images]


def levels_of(picture: Picture) -> list[int]:
    return [int(np.asarray(a.images[0].get_array()).flat[0]) for a in picture.axes if a.images]


def test_each_picture_must_have_one_label() -> None:
    with pytest.raises(DataError, match="one label. Received: 3 pictures and 2 labels in the tr"):
        samples_of([0, 1], count=3)


@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_label_outside_the_classes_is_refused_with_its_place(wrong: int) -> None:
    with pytest.raises(DataError, match="from 0 to 2") as caught:
        samples_of([0, wrong, 1, wrong])
    assert f"Received: {wrong} at train images[1] (2 such labels)" in str(caught.value)
    assert caught.value.exit_code == 3


def test_counts_name_also_the_classes_without_samples() -> None:
    samples = samples_of([2, 0, 2])
    assert samples.counts == {"ant": 1, "bee": 0, "cat": 2}
    assert samples.labels == ["cat", "ant", "cat"]


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), max_size=20), st.lists(st.integers(0, 9), max_size=20))
def test_taking_twice_is_taking_once(first: list[int], second: list[int]) -> None:
    samples = samples_of([number % 3 for number in range(10)])
    positions = [first[place % len(first)] for place in second] if first else []
    places = [place % len(first) for place in second] if first else []
    twice = samples.take(np.array(first, np.int64)).take(np.array(places, np.int64), "test")
    once = samples.take(np.array(positions, np.int64), "test")
    assert twice.labels == once.labels == [NAMES[position % 3] for position in positions]
    keys = [twice.images.key(index) for index in range(len(twice))]
    assert keys == [str(position) for position in positions]
    assert twice.split == "test"


def test_the_first_pictures_are_shown_with_their_class_names() -> None:
    picture = samples_of([number % 3 for number in range(40)]).show(7)
    assert titles_of(picture) == ["ant", "bee", "cat", "ant", "bee", "cat", "ant"]
    assert levels_of(picture) == list(range(7))
    with Image.open(io.BytesIO(picture.to_png(40))) as image:
        assert image.format == "PNG"


def test_where_there_are_fewer_pictures_all_are_shown() -> None:
    assert titles_of(samples_of([2, 1]).show()) == ["cat", "bee"]


def test_pictures_drawn_by_a_seed_are_the_same_again_and_have_their_own_names() -> None:
    samples = samples_of([number % 3 for number in range(60)])
    drawn = levels_of(samples.show(6, seed=1))
    assert drawn == levels_of(samples.show(6, seed=1)) == sorted(set(drawn))
    assert drawn != levels_of(samples.show(6, seed=2))
    assert titles_of(samples.show(6, seed=1)) == [NAMES[level % 3] for level in drawn]


@pytest.mark.parametrize("count", [0, -1, 101])
def test_a_count_that_nobody_could_look_at_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"`count` must be from 1 to 100. Received: {count}"):
        samples_of([0, 1]).show(count)


def test_no_samples_cannot_be_shown() -> None:
    nothing = samples_of([0, 1]).take(np.zeros(0, np.int64))
    with pytest.raises(DataError, match="no train pictures to show"):
        nothing.show()


def test_the_real_pictures_are_shown(fashion: Dataset) -> None:
    picture = fashion.test.show(3)
    assert titles_of(picture) == ["Ankle boot", "Pullover", "Trouser"]
    assert np.asarray(picture.axes[0].images[0].get_array()).shape == (28, 28)


@settings(deadline=None)
@given(st.lists(st.text("ab 0123456789", min_size=1), max_size=8))
def test_class_names_have_one_order_whatever_order_they_come_in(labels: list[str]) -> None:
    ordered = order_class_names(labels)
    assert set(ordered) == set(labels)
    assert len(ordered) == len(set(labels))
    assert order_class_names(sorted(labels, reverse=True)) == ordered


def test_numbers_in_names_count_as_numbers() -> None:
    names = ["b10", "b9", "10", "a", "9", "b9c2", "b9c10", "07", "é"]
    ordered = sorted(names, key=natural_key)
    assert ordered == ["07", "9", "10", "a", "b9", "b9c2", "b9c10", "b10", "é"]
