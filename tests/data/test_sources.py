"""What a name, a path or arrays stand for."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.fetch import Places
from tellapart.data.layout import Layout
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError, UsageError
from tellapart.sections import ImageSpec

PIXELS = np.zeros((4, 8, 8), np.uint8)
LABELS = np.array([0, 1, 0, 1])


def nowhere(tmp_path: Path) -> Places:
    """Return places where there is nothing."""
    return Places(
        named=None,
        configured=None,
        cache=tmp_path / "cache",
        keras_cache=tmp_path / "keras",
        system=tmp_path / "system",
        may_download=False,
    )


def counts(data: Dataset) -> dict[str, int]:
    return {name: len(samples) for name, samples in data.splits.items()}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ((PIXELS, LABELS), {"train": 4}),
        ([PIXELS, LABELS], {"train": 4}),
        (((PIXELS, LABELS), (PIXELS[:2], LABELS[:2])), {"train": 4, "test": 2}),
        (
            {"train": (PIXELS, LABELS), "validation": (PIXELS, LABELS)},
            {"train": 4, "validation": 4},
        ),
    ],
    ids=["pair", "list", "as Keras gives it", "mapping"],
)
def test_arrays_stand_for_their_splits(source: Any, expected: dict[str, int]) -> None:
    data = open_dataset(source, class_names=["cat", "dog"])
    assert counts(data) == expected
    assert data.class_names == ("cat", "dog")
    assert data.source is None


def test_a_data_set_stands_for_itself() -> None:
    data = from_arrays({"train": (PIXELS, LABELS)})
    assert open_dataset(data) is data


def test_a_path_stands_for_its_folder_or_file(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("L", (4, 4)).save(tmp_path / "pets" / name / "1.png")
    np.savez(tmp_path / "pets.npz", x=PIXELS, y=LABELS)
    assert open_dataset(tmp_path / "pets").train.counts == {"cat": 1, "dog": 1}
    named = open_dataset(str(tmp_path / "pets.npz"), class_names=["a", "b"])
    assert named.train.counts == {"a": 2, "b": 2}


def test_a_known_name_stands_for_the_data_set_in_the_places(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="The data set 'mnist' was not found. Tried:"):
        open_dataset("mnist", places=nowhere(tmp_path))


def test_a_known_data_set_is_found_uncompressed_in_a_named_folder(
    fashion: Dataset, tmp_path: Path
) -> None:
    home = tmp_path / "unpacked"
    home.mkdir()
    for file in Path("/usr/share/datasets/fashion-mnist").glob("*.gz"):
        (home / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    if not any(home.iterdir()):
        pytest.skip("the system's package dataset-fashion-mnist is not installed")
    places = Places(home, None, tmp_path / "cache", tmp_path / "keras", may_download=False)
    data = open_dataset("fashion-mnist", places=places)
    assert data.origin == f"--data {home}"
    assert (data.name, data.source) == ("fashion-mnist", "fashion-mnist")
    found, expected = (d.test.decode(ImageSpec()).pixels for d in (data, fashion))
    assert np.array_equal(found, expected)


def test_a_misspelt_name_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'fashion_mnist'. Did you mean 'fashion-mnist'") as caught:
        open_dataset("fashion_mnist", places=nowhere(tmp_path))
    assert caught.value.exit_code == 3
    with pytest.raises(
        DataError, match="folder or file '/none'. Known: cifar10, fashion-mnist, mn"
    ):
        open_dataset("/none", places=nowhere(tmp_path))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.xlsx"
    path.write_text("1,2")
    with pytest.raises(DataError, match=r"data\.xlsx must be a folder.*\.csv.* or an \.npz file"):
        open_dataset(path)


@pytest.mark.parametrize("name", ["a" * 300, "~nobody-has-this-name/data", "a\0b"])
def test_a_name_that_no_system_can_look_up_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(name, places=nowhere(tmp_path))
    assert f"'{name}'" in str(caught.value)


@pytest.mark.parametrize("source", [None, 3, (PIXELS,), (PIXELS, LABELS, LABELS), PIXELS])
def test_what_is_no_data_set_is_refused_by_its_kind(source: Any) -> None:
    kind = type(source).__name__
    with pytest.raises(DataError, match=rf"a name, a path, \(images, labels\).*Received: {kind}\."):
        open_dataset(source)


@pytest.mark.parametrize(
    ("source", "layout", "said"),
    [
        ("fashion-mnist", Layout(group="who"), "group='who' for a known data set"),
        ("a.npz", Layout(group="who"), "group='who' for an .npz file"),
        ("a.npz", Layout(group_from="x"), "group_from='x' for an .npz file"),
        ("classes", Layout(group="who"), r"for a folder of pictures.*a pattern.*--group '\(\\w"),
        ("classes", Layout(root=Path("a")), "root='a' for a folder of pictures"),
        ("classes", Layout(label_from="^.", group="who"), "group='who' for a folder whose paths"),
        ("idx", Layout(label_from="^."), "label_from='\\^.' for a folder of IDX files"),
        ((PIXELS, LABELS), Layout(group="who"), "group='who' for arrays or pairs"),
        (
            [(b"a", "a"), (b"b", "b")],
            Layout(label="x", group_from="x"),
            "label='x', group_from='x' for arrays or pairs",
        ),
        (from_arrays({"train": (PIXELS, LABELS)}), Layout(label="x"), "that is open already"),
    ],
)
def test_what_a_source_cannot_honour_of_a_layout_is_refused(
    in_tmp: Path, source: Any, layout: Layout, said: str
) -> None:
    np.savez(in_tmp / "a.npz", x_train=PIXELS, y_train=LABELS)
    for name in ("cat", "dog"):
        (in_tmp / "classes" / name).mkdir(parents=True)
        Image.new("L", (4, 4)).save(in_tmp / "classes" / name / "1.png")
    (in_tmp / "idx").mkdir()
    for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
        (in_tmp / "idx" / name).write_bytes(b"")
    with pytest.raises(UsageError, match=said):
        open_dataset(source, layout=layout, places=nowhere(in_tmp))
