"""Data sets from NumPy arrays and `.npz` files."""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.data.dataset import SPLITS, Dataset
from tellapart.data.samples import Indices, Samples, order_class_names
from tellapart.data.stores import ArrayImages
from tellapart.errors import DataError, did_you_mean
from tellapart.images.arrays import as_uint8

_NPZ_KEYS = {
    "train": (("x_train", "y_train"), ("images", "labels"), ("x", "y")),
    "validation": (("x_val", "y_val"), ("x_validation", "y_validation")),
    "test": (("x_test", "y_test"),),
}
MOST_CLASSES = 100_000
"""The highest number of classes that class numbers alone may imply."""

_DAMAGES = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)


def from_arrays(
    splits: Mapping[str, tuple[Any, Any]],
    class_names: Sequence[str] | None = None,
    *,
    name: str = "arrays",
    origin: str = "arrays in memory",
) -> Dataset:
    """Return a data set of arrays that are in memory already.

    Args:
        splits: Images and labels by split. Images are `(n, height, width)` or
            `(n, height, width, 1 or 3)`, whole numbers 0–255; labels are `(n,)` class
            numbers or class names.
        class_names: The name of each class number; by default the numbers themselves, or
            the names found in the training labels, in natural order.
        name: What to call it.
        origin: Where the arrays came from, in words.

    Raises:
        DataError: Shapes, types or values that cannot be pictures and labels.

    Example:
        >>> data = from_arrays({"train": (np.zeros((4, 8, 8), np.uint8), [0, 1, 0, 1])})
        >>> data.train.counts
        {'0': 2, '1': 2}
    """
    _check_splits(splits)
    labels = {split: _check_labels(y, f"{split} labels") for split, (_, y) in splits.items()}
    names = tuple(map(str, class_names)) if class_names is not None else _names_in(labels)
    samples = {
        split: Samples(
            ArrayImages(_check_images(x, f"{split} images"), f"{split} images"),
            _to_targets(labels[split], names, split),
            names,
            split,
        )
        for split, (x, _) in splits.items()
    }
    return Dataset(name, names, samples, origin)


def from_npz(path: Path, class_names: Sequence[str] | None = None) -> Dataset:
    """Return the data set in an `.npz` file.

    It holds `x_train` and `y_train` (or `images` and `labels`, or `x` and `y`), and, if
    there is one, a test split as `x_test` and `y_test`, a validation split as `x_val` and
    `y_val`, and `class_names`.

    Raises:
        DataError: The file is damaged, holds pickles, or other arrays.
    """
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise DataError(f"{path} is not a whole .npz file, as numpy.savez writes them.")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
    except _DAMAGES as error:
        raise DataError(f"Cannot read {path} as an .npz file: {error}.") from error
    splits = {
        split: (arrays[x], arrays[y])
        for split, pairs in _NPZ_KEYS.items()
        for x, y in reversed(pairs)
        if x in arrays and y in arrays
    }
    if "train" not in splits:
        raise DataError(
            f"{path} must hold x_train and y_train. Received: {', '.join(arrays) or 'nothing'}."
        )
    for x, y in (pair for pairs in _NPZ_KEYS.values() for pair in pairs):
        if (x in arrays) != (y in arrays) and (x.startswith("x_") or y.startswith("y_")):
            there, missing = (x, y) if x in arrays else (y, x)
            raise DataError(f"{path} holds {there} but no {missing}.")
    as_it_is = class_names is None
    if class_names is None and "class_names" in arrays:
        class_names = [str(name) for name in arrays["class_names"].ravel()]
    data = from_arrays(splits, class_names, name=path.stem, origin=str(path))
    return replace(data, source=str(path.resolve()) if as_it_is else None)


def _check_splits(splits: Mapping[str, Any]) -> None:
    """Raise `DataError` unless all splits are known, "train" is there, and all are pairs."""
    for split, pair in splits.items():
        if split not in SPLITS:
            raise DataError(f"Unknown split '{split}'. {did_you_mean(split, SPLITS)}")
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise DataError(
                f"The {split} split must be a pair (images, labels). "
                f"Received: {type(pair).__name__}."
            )
    if "train" not in splits:
        raise DataError(
            f"There must be a train split. Received: {', '.join(splits) or 'no split'}."
        )


def _to_array(values: Any, name: str) -> NDArray[Any]:
    """Return values as an array; rows of different lengths make none."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{name} must all have one shape. Received: {error}") from error


def _check_images(images: Any, name: str) -> NDArray[np.uint8]:
    """Return images as `(n, height, width, channels)`, uint8."""
    array = _to_array(images, name)
    pixels = as_uint8(array, name)
    if pixels.ndim == 3:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 4 or pixels.shape[3] not in (1, 3) or 0 in pixels.shape[1:]:
        raise DataError(
            f"{name} must be (n, height, width) or (n, height, width, 1 or 3). "
            f"Received: {array.shape}."
        )
    return pixels


def _check_labels(labels: Any, name: str) -> NDArray[Any]:
    """Return labels as `(n,)`, whole numbers or text."""
    array = _to_array(labels, name)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2:
        raise DataError(
            f"{name} must be one class number or name a picture. Received: {array.shape}; if "
            "that is one-hot: labels = labels.argmax(axis=1)"
        )
    if array.ndim != 1:
        raise DataError(f"{name} must be (n,). Received: {array.shape}.")
    if (
        array.dtype.kind == "f"
        and np.isfinite(array).all()
        and np.array_equal(array, array.round())
    ):
        array = array.astype(np.int64)
    if array.dtype.kind not in "iuUO" or (
        array.dtype.kind == "O" and not all(isinstance(label, str) for label in array)
    ):
        raise DataError(f"{name} must be whole numbers or names. Received: {array.dtype}.")
    return array if array.dtype.kind in "UO" else array.astype(np.int64)


def _names_in(labels: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
    """Return the class names that the training labels imply."""
    train = labels["train"]
    if train.dtype.kind in "UO":
        return order_class_names([str(label) for label in train])
    most = int(train.max()) if train.size else -1
    if most >= MOST_CLASSES:
        raise DataError(
            f"Class numbers must count from 0, to {MOST_CLASSES - 1:,} at most. Received: {most}. "
            "Fix: names, labels = np.unique(labels, return_inverse=True)"
        )
    return tuple(str(number) for number in range(most + 1))


def _to_targets(labels: NDArray[Any], names: tuple[str, ...], split: str) -> Indices:
    """Return labels as class numbers; names are looked up."""
    if labels.dtype.kind not in "UO":
        return labels
    numbers = {name: number for number, name in enumerate(names)}
    unknown = sorted({str(label) for label in labels} - set(numbers))
    if unknown:
        raise DataError(
            f"The {split} split has labels that are no class: {', '.join(unknown[:10])}. "
            f"The classes are: {', '.join(names)}."
        )
    return np.array([numbers[str(label)] for label in labels], np.int64)
