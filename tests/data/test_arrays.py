"""Data sets from arrays: what is taken, what is refused, and how the refusal helps."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.data.arrays import from_arrays, from_npz
from tellapart.data.dataset import Dataset
from tellapart.errors import DataError
from tellapart.sections import ImageSpec

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 8, 8), dtype=np.uint8)
LABELS = [0, 1, 0, 1]


def pixels_of(data: Dataset, split: str = "train") -> Any:
    spec = ImageSpec(height=8, width=8, channels=3 if data.shape == (8, 8, 3) else 1)
    return data.split(split).decode(spec).pixels


@pytest.mark.parametrize(
    "images",
    [
        PIXELS,
        PIXELS[..., np.newaxis],
        PIXELS.astype(np.int64),
        PIXELS.astype(np.float32),
        PIXELS.tolist(),
    ],
    ids=["grey", "one channel", "int64", "whole floats", "lists"],
)
def test_grey_pictures_of_any_number_type_become_the_same_pixels(images: Any) -> None:
    found = pixels_of(from_arrays({"train": (images, LABELS)}))
    assert found.dtype == np.uint8
    assert np.array_equal(found, PIXELS[..., np.newaxis])


def test_colour_pictures_keep_their_channels_and_are_not_copied() -> None:
    colour = np.stack([PIXELS] * 3, axis=-1)
    data = from_arrays({"train": (colour, LABELS)})
    assert data.shape == (8, 8, 3)
    assert np.shares_memory(pixels_of(data), colour)


@pytest.mark.parametrize(
    ("images", "what"),
    [
        (PIXELS / 255.0, r"uint8 pixels 0–255.*float64 in 0–1\. Fix: images = \(images \* 255\)"),
        (np.where(PIXELS > 128, np.nan, 1.0), r"no NaN and no infinity\. Received: \d+ of them"),
        (PIXELS - 1000.0, "whole numbers 0–255. Received: float64 in -"),
        (PIXELS.astype(np.int32) * 3, "whole numbers 0–255. Received: int32 in "),
        (PIXELS + 0.5, "whole numbers 0–255"),
        (PIXELS.astype(str), "pixels as numbers. Received: <U3"),
        (PIXELS[0], r"\(n, height, width\).*Received: \(8, 8\)"),
        (PIXELS.reshape(4, 64), r"Received: \(4, 64\)"),
        (np.zeros((4, 8, 8, 4), np.uint8), r"Received: \(4, 8, 8, 4\)"),
        (np.zeros((4, 0, 8), np.uint8), r"Received: \(4, 0, 8, 1\)|Received: \(4, 0, 8\)"),
        ([PIXELS[0], PIXELS[1][:4]], "must all have one shape"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_was_received(images: Any, what: str) -> None:
    with pytest.raises(DataError, match=f"^train images .*{what}") as caught:
        from_arrays({"train": (images, LABELS)})
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "labels",
    [LABELS, np.array(LABELS, np.uint8), np.array(LABELS, float), [[label] for label in LABELS]],
    ids=["list", "uint8", "whole floats", "a column as Keras gives it"],
)
def test_labels_of_any_number_type_become_the_same_targets(labels: Any) -> None:
    data = from_arrays({"train": (PIXELS, labels)}, ["cat", "dog"])
    assert data.train.targets.dtype == np.int64
    assert data.train.labels == ["cat", "dog", "cat", "dog"]


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        (np.eye(2)[LABELS], r"Received: \(4, 2\); if that is one-hot: labels = labels\.argmax"),
        (np.zeros((4, 1, 1)), r"train labels must be \(n,\)\. Received: \(4, 1, 1\)"),
        ([0.5, 1, 0, 1], "whole numbers or names. Received: float64"),
        ([np.nan, 1, 0, 1], "whole numbers or names. Received: float64"),
        ([None, "a", "b", "a"], "whole numbers or names. Received: object"),
        ([[0], [1, 2], 0, 1], "train labels must all have one shape"),
        ([0, 1, 0], "one label. Received: 4 pictures and 3 labels in the train split"),
        ([0, 1, 0, 2], r"from 0 to 1.*Received: 2 at train images\[3\] \(1 such labels\)"),
        ([0, 1, -1, -1], r"from 0 to 1.*Received: -1 at train images\[2\] \(2 such labels\)"),
        (["cat", "dog", "fox", "ox"], "train split has.*no class: fox, ox. The classes are: cat"),
    ],
)
def test_wrong_labels_are_refused_with_what_was_received(labels: Any, what: str) -> None:
    with pytest.raises(DataError, match=what):
        from_arrays({"train": (PIXELS, labels)}, ["cat", "dog"])


def test_labels_that_are_names_are_numbered_in_natural_order() -> None:
    splits = {
        "train": (PIXELS, ["class 10", "class 2", "class 1", "class 2"]),
        "test": (PIXELS[:2], np.array(["class 2", "class 10"], object)),
    }
    data = from_arrays(splits)
    assert data.class_names == ("class 1", "class 2", "class 10")
    assert data.train.targets.tolist() == [2, 1, 0, 1]
    assert data.test.targets.tolist() == [1, 2]


def test_a_class_that_only_the_test_split_has_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"test split has labels that are no class: fox\."):
        from_arrays({"train": (PIXELS, ["a", "b", "a", "b"]), "test": (PIXELS[:1], ["fox"])})
    with pytest.raises(DataError, match=r"from 0 to 1.*Received: 7 at test images\[0\]"):
        from_arrays({"train": (PIXELS, LABELS), "test": (PIXELS[:1], [7])})


def test_one_class_only_is_refused() -> None:
    with pytest.raises(DataError, match="at least two classes. Received: 0 in arrays in memory"):
        from_arrays({"train": (PIXELS, [0, 0, 0, 0])})


@pytest.mark.parametrize(
    ("splits", "what"),
    [
        ({"train": (PIXELS, LABELS), "val": (PIXELS, LABELS)}, "Unknown split 'val'.*validation"),
        ({"test": (PIXELS, LABELS)}, "must be a train split. Received: test"),
        ({"train": PIXELS}, r"train split must be a pair \(images, labels\)\. Received: ndarray"),
        ({"train": (PIXELS[:0], [])}, "no pictures to train on in arrays in memory"),
        ({"train": (PIXELS, LABELS), "test": (PIXELS[:0], [])}, "no test pictures.*leave that"),
    ],
)
def test_a_mapping_of_other_splits_is_refused(splits: Any, what: str) -> None:
    with pytest.raises(DataError, match=what):
        from_arrays(splits)


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any))
def test_every_class_up_to_the_highest_label_has_its_number_as_name(labels: list[int]) -> None:
    data = from_arrays({"train": (PIXELS, labels)})
    assert data.class_names == tuple(str(number) for number in range(max(labels) + 1))
    assert data.train.labels == [str(label) for label in labels]


def test_an_npz_file_gives_its_splits_and_its_class_names(tmp_path: Path) -> None:
    path = tmp_path / "pets.npz"
    first, last = (PIXELS, LABELS), (PIXELS[:2], LABELS[:2])
    np.savez_compressed(
        path,
        allow_pickle=False,
        x_train=first[0],
        y_train=first[1],
        x_val=last[0],
        y_val=last[1],
        x_test=last[0],
        y_test=last[1],
        class_names=["cat", "dog"],
    )
    data = from_npz(path)
    assert (data.name, data.class_names) == ("pets", ("cat", "dog"))
    assert {name: len(samples) for name, samples in data.splits.items()} == {
        "train": 4,
        "validation": 2,
        "test": 2,
    }
    assert (data.origin, data.source) == (str(path), str(path))
    assert np.array_equal(pixels_of(data, "test")[..., 0], PIXELS[:2])
    assert from_npz(path, ["Katze", "Hund"]).class_names == ("Katze", "Hund")


def test_an_npz_file_with_two_pairs_to_train_on_gives_the_first_kind(tmp_path: Path) -> None:
    path = tmp_path / "both.npz"
    np.savez(path, x=PIXELS[:2], y=[0, 1], x_train=PIXELS, y_train=LABELS)
    assert len(from_npz(path).train) == 4


def test_an_npz_file_with_other_arrays_is_refused_with_their_names(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    np.savez(path, features=PIXELS, x_train=PIXELS)
    with pytest.raises(DataError, match="x_train and y_train. Received: features, x_train"):
        from_npz(path)


def test_pickled_objects_in_an_npz_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "objects.npz"
    np.savez(path, x=PIXELS, y=np.array(["a", "b", None, 1], object), allow_pickle=True)
    with pytest.raises(DataError, match=r"objects\.npz as an \.npz file: Object arrays cannot"):
        from_npz(path)


@pytest.mark.parametrize("content", [b"", b"hello, world", b"PK\3\4 and no more"])
def test_a_file_that_is_no_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "fake.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"fake\.npz is not a whole \.npz file"):
        from_npz(path)
    with pytest.raises(DataError, match=r"none\.npz.*No such file"):
        from_npz(tmp_path / "none.npz")


@pytest.mark.parametrize("compress", [False, True])
def test_damage_at_any_byte_of_an_npz_file_is_harmless_or_refused(
    tmp_path: Path, *, compress: bool
) -> None:
    path = tmp_path / "damaged.npz"
    (np.savez_compressed if compress else np.savez)(path, x=PIXELS[:, :2], y=LABELS)
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        try:
            found = from_npz(path)
        except DataError:
            refused += 1
        else:
            assert np.array_equal(found.train.decode(SPEC).pixels[..., 0], PIXELS[:, :2])
    assert refused > len(whole) // 3


SPEC = ImageSpec(height=2, width=8)


def test_numbers_that_cannot_be_class_numbers_are_refused_with_the_fix() -> None:
    labels = np.array([20240101, 20240102])
    with pytest.raises(DataError, match=r"count from 0.*Received: 20240102.*np\.unique"):
        from_arrays({"train": (np.zeros((2, 8, 8), np.uint8), labels)})


def test_pictures_without_their_labels_are_refused_by_name(tmp_path: Path) -> None:
    images = np.zeros((4, 8, 8), np.uint8)
    np.savez(tmp_path / "a.npz", x_train=images, y_train=[0, 1, 0, 1], x_test=images)
    with pytest.raises(DataError, match=r"a\.npz holds x_test but no y_test"):
        from_npz(tmp_path / "a.npz")
