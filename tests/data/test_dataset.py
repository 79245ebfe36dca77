"""A data set: its splits by name, and how it shows itself."""

import re

import numpy as np
import pytest

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.samples import Samples
from tellapart.data.stores import ArrayImages
from tellapart.errors import DataError

PIXELS = np.zeros((1200, 2, 3, 1), np.uint8)
TARGETS = np.arange(1200) % 2


def samples_of(count: int, names: tuple[str, ...], split: str = "train") -> Samples:
    return Samples(ArrayImages(PIXELS[:count], f"{split} images"), TARGETS[:count], names, split)


def two_splits(names: tuple[str, str] = ("cat", "dog")) -> Dataset:
    splits = {"train": samples_of(1200, names), "test": samples_of(4, names, "test")}
    return Dataset("pets", names, splits, "a test")


def test_the_parts_have_names_of_their_own() -> None:
    data = two_splits()
    assert len(data) == 1204
    assert data.train is data.split("train") is data.splits["train"]
    assert data.test is data.split("test") is data.splits["test"]


def test_a_split_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(
        DataError, match="pets has no validation split.*It has: train, test"
    ) as caught:
        _ = two_splits().validation
    assert caught.value.exit_code == 3
    with pytest.raises(DataError, match="has no test split of its own. It has: train"):
        _ = from_arrays({"train": (PIXELS, TARGETS)}).test


def test_the_prompt_shows_counts_shape_classes_and_origin() -> None:
    assert repr(two_splits()) == (
        "pets: 1,204 images (2×3×1 uint8) in 2 classes\n"
        "  splits   train 1,200   test 4\n"
        "  classes  cat, dog\n"
        "  from     a test"
    )


def test_the_notebook_shows_a_table_of_counts() -> None:
    table = two_splits()._repr_html_()
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in table.split("<tr>")[1:]]
    assert rows == [
        ["class", "train", "test"],
        ["cat", "600", "2"],
        ["dog", "600", "2"],
        ["all", "1,200", "4"],
    ]


def test_class_names_are_only_text_in_a_notebook() -> None:
    shown = two_splits(("<script>alert(1)</script>", "cats & dogs"))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "cats &amp; dogs" in shown


def test_pictures_of_different_sizes_have_no_one_shape() -> None:
    small, large = np.zeros((2, 4, 4), np.uint8), np.zeros((2, 5, 5), np.uint8)
    data = from_arrays({"train": (small, [0, 1]), "test": (large, [0, 1])})
    assert data.shape is None
    assert data.describe_shape() == "files of any size"


def test_each_split_can_be_shown() -> None:
    assert sum(bool(axes.images) for axes in two_splits().show(7).axes) == 7
    assert sum(bool(axes.images) for axes in two_splits().show(7, split="test").axes) == 4


def test_a_data_set_of_one_class_or_none_is_refused() -> None:
    for names, received in ((("cat",), "cat"), ((), "none")):
        pixels = ArrayImages(PIXELS[:1], "train images")
        samples = Samples(pixels, TARGETS[:1], names or ("x",), "train")
        with pytest.raises(DataError, match=f"two classes. Received: {received} in a test"):
            Dataset("pets", names, {"train": samples}, "a test")


def test_a_data_set_without_training_pictures_is_refused() -> None:
    names = ("cat", "dog")
    for splits in ({}, {"train": samples_of(0, names)}, {"test": samples_of(4, names)}):
        with pytest.raises(DataError, match="no pictures to train on in a test"):
            Dataset("pets", names, splits, "a test")


def test_an_empty_split_is_refused_with_the_fix() -> None:
    names = ("cat", "dog")
    splits = {"train": samples_of(4, names), "test": samples_of(0, names, "test")}
    with pytest.raises(DataError, match="no test pictures in a test. Fix: leave that split out"):
        Dataset("pets", names, splits, "a test")


def test_two_classes_of_one_name_are_refused() -> None:
    names = ("cat", "dog", "cat")
    with pytest.raises(DataError, match="name of its own. Received: cat more than once"):
        Dataset("pets", names, {"train": samples_of(4, names)}, "a test")
