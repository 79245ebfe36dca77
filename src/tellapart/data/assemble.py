"""From the columns of any source to a data set: classes numbered once, splits, groups."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np

from tellapart.data.dataset import SPLITS, Dataset
from tellapart.data.groups import group_splits, straddling
from tellapart.data.layout import Layout, find_split
from tellapart.data.ledger import Entry
from tellapart.data.samples import Samples, order_class_names
from tellapart.data.stores import ImageStore
from tellapart.errors import DataError


@dataclass(frozen=True, eq=False)
class Listing:
    """All pictures of a source with what it says of them, one value a picture.

    Attributes:
        name: What to call the data set.
        origin: Where it came from, in words.
        images: The pictures.
        labels: The class name of each; empty where it has none.
        splits: The word for the split of each; `None` where all is to train on.
        groups: The group of each; `None` where nobody named any.
        source: What `open_dataset` found it by.
        has_numbers: Whether the labels are positions in the class names, never names.
        remarks: What to know of it.
        unused: Each file that is no sample.
    """

    name: str
    origin: str
    images: ImageStore
    labels: Sequence[str]
    splits: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    source: str | None = None
    has_numbers: bool = False
    remarks: tuple[str, ...] = ()
    unused: tuple[Entry, ...] = ()


def assemble(
    listing: Listing, class_names: Sequence[str] | None = None, layout: Layout | None = None
) -> Dataset:
    """Return the data set that a listing makes up.

    The classes are those of the training pictures, in natural order; every split is
    mapped through that one list. Pictures without a label are left out, and said so.

    Args:
        listing: The columns.
        class_names: All classes in their order; labels that are numbers are positions
            in it then.
        layout: How to find groups in the pictures' keys.

    Raises:
        DataError: No training pictures, an unknown split, or a class that they lack.
    """
    labelled = [place for place, label in enumerate(listing.labels) if label.strip()]
    words = None if listing.splits is None else [listing.splits[i] for i in labelled]
    splits = ["train"] * len(labelled)
    if words is not None:
        known = {word: find_split(word, listing.origin) for word in set(words)}
        splits = [known[word] for word in words]
    labels = [listing.labels[i] for i in labelled]
    names = _names(labels, splits, class_names)
    numbers = {name: number for number, name in enumerate(names)}
    if class_names:
        positions = {str(number): number for number in range(len(names))}
        numbers = _by_position(labels, positions, numbers, only=listing.has_numbers)
    _check_known(labels, splits, names, numbers, listing.origin)
    everything = Samples(
        listing.images.take(np.array(labelled, np.int64)),
        np.array([numbers[label] for label in labels], np.int64),
        names,
        "train",
        None if listing.groups is None else tuple(listing.groups[i] for i in labelled),
    )
    of_split = np.array(splits)
    parts = {
        split: everything.take(np.flatnonzero(of_split == split), split)
        for split in SPLITS
        if split in splits
    }
    if layout is not None and layout.group_from:
        parts = group_splits(parts, layout.group_from)
    remarks = (*listing.remarks, *_alike(names), *straddling(parts))
    return Dataset(
        name=listing.name,
        class_names=names,
        splits=parts,
        origin=listing.origin,
        source=listing.source,
        remarks=remarks,
        unused=(*listing.unused, *_without_label(listing)),
    )


def _names(
    labels: Sequence[str], splits: Sequence[str], class_names: Sequence[str] | None
) -> tuple[str, ...]:
    if class_names is not None:
        return tuple(map(str, class_names))
    pairs = zip(labels, splits, strict=True)
    return order_class_names([label for label, split in pairs if split == "train"])


def _by_position(
    labels: Sequence[str], positions: dict[str, int], by_name: dict[str, int], *, only: bool
) -> dict[str, int]:
    """Return the class number of each label where it may be a position in the class names.

    Names may be digits too: labels that are all positions and not all names are positions.
    """
    found = set(labels)
    are_positions = found <= positions.keys() and not found <= by_name.keys()
    return positions if only or are_positions else positions | by_name


def _check_known(
    labels: Sequence[str],
    splits: Sequence[str],
    names: Sequence[str],
    known: Container[str],
    origin: str,
) -> None:
    """Raise `DataError` for training pictures that are missing, and unknown classes."""
    if "train" not in splits:
        found = ", ".join(sorted(set(splits))) or "no picture with a label"
        raise DataError(f"There must be a train split in {origin}. Received: {found}.")
    pairs = sorted(set(zip(splits, labels, strict=True)))
    for split in SPLITS:
        unknown = [label for where, label in pairs if where == split and label not in known]
        if unknown:
            raise DataError(
                f"The {split} split has labels that are no class: {', '.join(unknown[:10])}. "
                f"The classes are: {', '.join(names)}. Fix: add training pictures of it, or take "
                f"it out of the {split} split."
            )


def _alike(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return a remark on classes whose names differ only by case or blanks."""
    forms: dict[str, list[str]] = {}
    for name in names:
        forms.setdefault("".join(name.split()).casefold(), []).append(name)
    return tuple(
        f"Classes of their own that differ only by case or blanks: {', '.join(map(repr, same))}."
        for same in forms.values()
        if len(same) > 1
    )


def _without_label(listing: Listing) -> tuple[Entry, ...]:
    return tuple(
        Entry(listing.images.name(index), "skipped", "no-label", "nothing says its class.")
        for index, label in enumerate(listing.labels)
        if not label.strip()
    )
