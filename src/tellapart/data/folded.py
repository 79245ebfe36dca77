"""A data set cut into folds: each of them is tested once by a network that never saw it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tellapart.data.cache import Cache
from tellapart.data.dataset import Dataset, Fold
from tellapart.data.groups import group_splits, keep_together
from tellapart.data.ledger import Entry
from tellapart.data.partition import partition
from tellapart.data.prepare import Part, fingerprint_of, list_skipped
from tellapart.data.readers import Reader
from tellapart.data.samples import Indices, Samples
from tellapart.data.splits import folds as split_folds
from tellapart.data.stores import name_bytes
from tellapart.errors import DataError, ImageError
from tellapart.files import sha256_hex
from tellapart.progress import SILENCE, Progress
from tellapart.recipe import Recipe


@dataclass(frozen=True, eq=False)
class FoldedDataset:
    """The training samples of a data set, each in one fold.

    Attributes:
        data: The data set, with the splits that every fold has: its own validation split,
            if there is one, and in "train" the samples of all folds: those that can be
            read, with groups and near-duplicates joined.
        members: The positions of each fold's samples, ascending.
        skipped: One error for each training picture that cannot be read.
        fingerprint: SHA-256 over class names, targets, pixels, keys and folds.
    """

    data: Dataset
    members: Sequence[Indices]
    skipped: tuple[ImageError, ...]
    fingerprint: str

    @property
    def samples(self) -> Samples:
        """Return the samples of all folds."""
        return self.data.train

    def fold(self, number: int) -> Dataset:
        """Return the data set whose test split is the fold of a number, from 1."""
        held = self.members[number - 1]
        rest = np.setdiff1d(np.arange(len(self.samples)), held)
        splits = {
            **self.data.splits,
            "train": self.samples.take(rest),
            "test": self.samples.take(held, "test"),
        }
        return replace(self.data, splits=splits, fold=Fold(number, len(self.members)))


def fold_dataset(
    data: Dataset,
    recipe: Recipe,
    count: int,
    *,
    clusters: Indices | None = None,
    cache: Cache | None = None,
    progress: Progress = SILENCE,
) -> FoldedDataset:
    """Return a data set's training samples in `count` folds, by `splits.folds`.

    A test split of the data set's own is left out: it stays unseen for a last measurement.
    A validation split of its own is every fold's; else each fold holds one out.

    Args:
        data: Where the samples are.
        recipe: Its sections `data` and `image`, and its seed, decide as they do for a run.
        count: How many folds, from 2.
        clusters: `(n,)`: training samples of one number, near-duplicates, are in one fold.
        cache: Where decoded pictures are looked for and kept.
        progress: Where long work shows itself.

    Raises:
        UsageError: Fewer than two folds.
        DataError: Fewer samples or groups than folds, or a class that some fold has all of.

    Example:
        >>> from tellapart.data.arrays import from_arrays
        >>> from tellapart.recipe import load_recipe
        >>> data = from_arrays({"train": (np.zeros((40, 28, 28), np.uint8), [0, 1] * 20)})
        >>> folded = fold_dataset(data, load_recipe("guide-holdout"), 4)
        >>> [len(folded.fold(number).test) for number in (1, 2, 3, 4)]
        [10, 10, 10, 10]
    """
    splits = {name: samples for name, samples in data.splits.items() if name != "test"}
    if recipe.data.group_from:
        splits = group_splits(splits, recipe.data.group_from)
    train = splits["train"] if clusters is None else keep_together(splits["train"], clusters)
    found = Reader(recipe.image, data.source or data.origin, cache, progress).read(train)
    if not len(found.kept):
        raise DataError(f"No picture to train on could be read. {list_skipped(found.failures)}")
    train = train.take(found.kept)
    members = split_folds(train, count, recipe.seed)
    _check_classes(train, members)
    pixels = fingerprint_of(data.class_names, [Part(found.pixels, train.targets)])
    keys = name_bytes("\0".join(train.keys))
    folded = FoldedDataset(
        replace(
            data,
            splits={**splits, "train": train},
            unused=(*data.unused, *_left_out(data.splits), *map(_entry_of, found.failures)),
        ),
        members,
        found.failures,
        sha256_hex(pixels.encode(), keys, *(b"|" + held.tobytes() for held in members)),
    )
    for number in range(1, count + 1):
        partition(folded.fold(number), recipe.data, recipe.seed)  # mistakes, before any training
    return folded


def _check_classes(samples: Samples, members: Sequence[Indices]) -> None:
    """Raise `DataError` for a class of which nothing is left to train on beside some fold."""
    whole = np.bincount(samples.targets, minlength=len(samples.class_names))
    for fold, held in enumerate(members, start=1):
        inside = np.bincount(samples.targets[held], minlength=len(whole))
        lacking = np.flatnonzero((inside == whole) & (whole > 0))
        if len(lacking):
            names = ", ".join(samples.class_names[i] for i in lacking)
            raise DataError(
                "Each class must have pictures of at least two groups, or two pictures, so that "
                f"some are left to train on. Received: all of {names} in fold {fold} of "
                f"{len(members)}. Fix: add pictures, or leave the class out."
            )


def _left_out(splits: Mapping[str, Samples]) -> list[Entry]:
    """Return the entries of the data set's own test images."""
    if "test" not in splits or splits["test"].images.keys_are_positions:
        return []
    images = splits["test"].images
    detail = "a cross-validation leaves the test images alone."
    names = (images.name(index) for index in range(len(images)))
    return [Entry(name, "skipped", "split-left-out", detail) for name in names]


def _entry_of(error: ImageError) -> Entry:
    return Entry(error.name, "skipped", error.reason, error.detail)
