"""Pairs of IDX files in a folder are a data set."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from tellapart.data.sources import open_dataset
from tellapart.errors import DataError
from tellapart.sections import ImageSpec

PIXELS = np.arange(4 * 3 * 2, dtype=np.uint8).reshape(4, 3, 2)
LABELS = np.array([1, 0, 1, 0], np.uint8)


def as_idx(array: np.ndarray) -> bytes:
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


def put(root: Path, split: str, *, is_packed: bool = False) -> None:
    root.mkdir(exist_ok=True)
    for name, array in (("images-idx3-ubyte", PIXELS), ("labels-idx1-ubyte", LABELS)):
        content = as_idx(array)
        path = root / f"{split}-{name}{'.gz' if is_packed else ''}"
        path.write_bytes(gzip.compress(content) if is_packed else content)


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("test", ["t10k", "test"])
def test_a_folder_of_idx_files_is_read_by_split(tmp_path: Path, test: str, is_packed: bool) -> None:
    put(tmp_path / "digits", "train", is_packed=is_packed)
    put(tmp_path / "digits", test)
    data = open_dataset(tmp_path / "digits")
    assert (data.name, data.source) == ("digits", str(tmp_path / "digits"))
    assert data.test.targets.tolist() == [1, 0, 1, 0]
    pixels = data.train.decode(ImageSpec(height=3, width=2)).pixels
    assert np.array_equal(pixels[..., 0], PIXELS)
    named = open_dataset(tmp_path / "digits", class_names=["zero", "one"])
    assert (named.train.labels[0], named.source) == ("one", None)


def test_images_without_their_labels_and_two_for_one_split_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "train")
    put(tmp_path, "t10k")
    put(tmp_path, "test")
    with pytest.raises(DataError, match="one file of images a split. Received: t10k-.*test-"):
        open_dataset(tmp_path)
    (tmp_path / "test-images-idx3-ubyte").unlink()
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="holds t10k-images-idx3-ubyte but no t10k-labels-idx1"):
        open_dataset(tmp_path)
