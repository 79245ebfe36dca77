"""Data sets of Hugging Face's `datasets`, and any iterable of pictures with labels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL import Image
from typing_extensions import override

from tellapart.data.arrays import from_arrays
from tellapart.data.columns import Table
from tellapart.data.contents import Content, Contents, is_content, to_content
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout, find_split
from tellapart.data.tables import to_dataset
from tellapart.errors import DataError, ImageError

_NAMES = {"image": "Image", "label": "ClassLabel"}


class _Column(Sequence[Any]):
    """One column of several `datasets` one after the other, read as it is wanted."""

    def __init__(self, parts: Sequence[Any], name: str) -> None:
        self._parts, self._name = parts, name
        self._ends = np.cumsum([len(part) for part in parts])

    @override
    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    @override
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = int(np.searchsorted(self._ends, index, side="right"))
        start = int(self._ends[part - 1]) if part else 0
        return self._parts[part][index - start][self._name]

    @override
    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(part[self._name] for part in self._parts)


def is_hub(source: Any) -> bool:
    """Return whether something has the form of a data set of Hugging Face's `datasets`."""
    if isinstance(source, Mapping):
        return bool(source) and all(is_hub(part) for part in source.values())
    wanted = ("features", "column_names", "__getitem__", "__len__")
    return not isinstance(source, type) and all(hasattr(source, name) for name in wanted)


def from_hub(
    source: Any, layout: Layout | None = None, class_names: Sequence[str] | None = None
) -> Dataset:
    """Return the data set in a `datasets.Dataset`, or in a `DatasetDict` by split.

    Pictures stay where they are and are read one by one; class names come from the
    features. Nothing of `datasets` is imported.

    Args:
        source: It has `features`, `column_names`, a row by number and a column by name.
        layout: Which column holds what; by default the one whose feature is an image, and
            the one whose feature is a class.
        class_names: All classes in their order; by default those of the features.

    Raises:
        DataError: There is no column for pictures or labels, or an unknown split.
        UsageError: A column for the split of what is a mapping by split.
    """
    parts = dict(source) if isinstance(source, Mapping) else {"train": source}
    words = {word: find_split(word, "the data set") for word in parts}
    features = next(iter(parts.values())).features or {}
    asked = _with_features(layout or Layout(), features)
    root = asked.root or Path()
    cells = [_without_decoding(part, asked.image, features) for part in parts.values()]
    names = list(next(iter(parts.values())).column_names)
    columns: dict[str, Sequence[Any]] = {name: _Column(cells, name) for name in names}
    if asked.image in columns and _kind(features, asked.image) == "Image":
        columns[asked.image] = Contents(columns[asked.image], root)
    if isinstance(source, Mapping):
        asked.check_fits("a mapping by split", {*vars(asked)} - {"split"})
        lengths = zip(words.values(), cells, strict=True)
        columns["split"] = [word for word, part in lengths for _ in range(len(part))]
        asked = replace(asked, split="split")
    named = {
        column: tuple(map(str, feature.names))
        for column, feature in features.items()
        if hasattr(feature, "names")
    }
    name = str(getattr(getattr(cells[0], "info", None), "dataset_name", None) or "hub")
    table = Table(name, "a data set of Hugging Face", root, columns, named, may_move=False)
    return to_dataset(table, asked, class_names)


def from_pairs(pairs: Iterable[Any], class_names: Sequence[str] | None = None) -> Dataset:
    """Return the data set of an iterable of `(image, label)`; all of it is to train on.

    Args:
        pairs: Each image is an array, encoded bytes, a path, or a Pillow picture; each
            label a class number or a class name. Arrays of one shape are put into one.
        class_names: The name of each class number.

    Raises:
        DataError: An item is no such pair.
    """
    images: list[Any] = []
    labels: list[Any] = []
    for index, pair in enumerate(pairs):
        if not (isinstance(pair, tuple | list) and len(pair) == 2 and is_content(pair[0])):
            raise DataError(
                "Each item must be a pair (image, label), the image an array, bytes, a path or a "
                f"Pillow picture. Received: {type(pair).__name__} at position {index}."
            )
        image = pair[0]
        # a picture that is opened for its turn in a loop may be closed after it
        images.append(_keep(image) if isinstance(image, Image.Image) else image)
        labels.append(pair[1])
    shapes = {image.shape if isinstance(image, np.ndarray) else None for image in images}
    if len(shapes) == 1 and None not in shapes:
        return from_arrays({"train": (np.stack(images), labels)}, class_names, origin="pairs")
    is_damaged = any(isinstance(image, ImageError) for image in images)
    columns = {"image": Contents(images) if is_damaged else images, "label": labels}
    table = Table("pairs", "pairs in memory", Path(), columns, may_move=False)
    return to_dataset(table, Layout(image="image", label="label"), class_names)


def _keep(picture: Image.Image) -> Content | ImageError:
    """Return an opened picture's content, or the error for which it will be skipped."""
    try:
        return to_content(picture)
    except ImageError as error:
        return error


def _kind(features: Mapping[str, Any], column: str) -> str:
    return type(features.get(column)).__name__


def _with_features(layout: Layout, features: Mapping[str, Any]) -> Layout:
    """Return the layout with the first columns whose features are an image and a class."""
    found = {
        role: getattr(layout, role)
        or next((name for name in features if _kind(features, name) == kind), "")
        for role, kind in _NAMES.items()
    }
    return replace(layout, image=found["image"], label=found["label"])


def _without_decoding(part: Any, column: str, features: Mapping[str, Any]) -> Any:
    """Return a data set that gives the bytes of its pictures, not what it makes of them."""
    if _kind(features, column) != "Image" or not hasattr(part, "cast_column"):
        return part
    return part.cast_column(column, type(features[column])(decode=False))
