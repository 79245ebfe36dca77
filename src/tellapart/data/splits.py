"""Which samples are held out: stratified, by whole groups, a function of seed and name.

A sample's name (its group, or its key) and the seed give a hash; what lies below the
share that is wanted is held out. So pictures that come later move none of the old ones.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.data.groups import keep_together, unit_names
from tellapart.data.samples import Indices, Samples
from tellapart.data.stores import name_bytes
from tellapart.errors import DataError, UsageError

Mask = NDArray[np.bool_]

FEWEST_BY_HASH = 20
"""Units: in a smaller class an exact share is taken, since chance would stray too far."""


@dataclass(frozen=True, eq=False)
class _Units:
    """What is split: groups, and samples without one.

    Attributes:
        of_sample: `(n,)`: the unit of each sample.
        counts: `(units, classes)`: how many samples of each class a unit has.
        ranks: `(units,)`, uint64: the hash of each.
        is_exact: Whether every class is to be split by rank.
    """

    of_sample: Indices
    counts: Indices
    ranks: NDArray[np.uint64]
    is_exact: bool

    def strata(self, fewest: int) -> list[tuple[Indices, bool]]:
        """Return the units of each class, lowest hash first, and if chance will do there.

        A unit of several classes counts to the one that most of its samples have.
        """
        classes = self.counts.argmax(axis=1)
        order = np.argsort(self.ranks, kind="stable")
        parts = [order[classes[order] == number] for number in np.unique(classes)]
        return [(part, len(part) >= fewest and not self.is_exact) for part in parts]


def hold_out(
    samples: Samples, fraction: float, seed: int, split: str, *, clusters: Indices | None = None
) -> tuple[Samples, Samples]:
    """Split samples in two, class by class, by a hash of seed and name.

    In a class of `FEWEST_BY_HASH` samples or more, each is held out with the chance
    `fraction`, so the count is binomial and adding samples moves no other; in a smaller
    one, and in arrays, whose samples have no name, the exact share with the lowest hashes
    is held out. A group is one sample in this, and never straddles; so the shares of
    pictures are only near `fraction` there. Every class that can has samples in both parts.

    Args:
        samples: What to split.
        fraction: The share of each class to hold out, 0 to 1; at least one sample.
        seed: Another seed gives another split.
        split: What the held-out part is called; it is part of the hash, so that a second
            hold-out does not follow the first one.
        clusters: `(n,)`: samples of one number, as near-duplicates have, stay together
            too; below 0 one is on its own.

    Returns:
        The remaining samples and the held-out ones, each in their old order.

    Raises:
        DataError: A class that has samples has fewer than two, or fewer than two groups.
    """
    if clusters is not None:
        samples = keep_together(samples, clusters)
    units = _units_of(samples, f"{split}:{seed}")
    _check_sizes(samples, units, split)
    held = np.zeros(len(units.ranks), np.bool_)
    limit = np.uint64(int(fraction * 2**64))
    for members, by_chance in units.strata(FEWEST_BY_HASH):
        if by_chance:
            held[members] = units.ranks[members] < limit
        else:
            sizes = units.counts[members].sum(axis=1)
            held[members[: _count_nearest(sizes, fraction)]] = True
    _represent_each_class(units, held)
    chosen = held[units.of_sample]
    everything = np.arange(len(samples))
    return samples.take(everything[~chosen]), samples.take(everything[chosen], split)


def folds(
    samples: Samples, count: int, seed: int, *, clusters: Indices | None = None
) -> list[Indices]:
    """Return `count` parts of the samples, each to be held out once (k-fold).

    A class of `FEWEST_BY_HASH` samples a fold or more goes by the hash alone, so adding
    samples moves no other; a smaller one, and arrays, are dealt out evenly in the order
    of their hashes. Groups and clusters count as one sample and never straddle.

    Args:
        samples: What to split.
        count: How many folds, from 2.
        seed: Another seed gives other folds.
        clusters: See `hold_out`.

    Returns:
        The positions of each fold's samples, ascending; together, all of them once.

    Raises:
        UsageError: Fewer than two folds.
        DataError: Fewer samples, or groups, than folds.
    """
    if count < 2:
        raise UsageError(f"`count` must be at least 2 folds. Received: {count}.")
    if clusters is not None:
        samples = keep_together(samples, clusters)
    units = _units_of(samples, f"folds:{seed}")
    if len(units.ranks) < count:
        raise DataError(
            f"There must be a sample, or a group, for each of the {count} folds. "
            f"Received: {len(units.ranks)}. Fix: fewer folds."
        )
    numbers = np.zeros(len(units.ranks), np.int64)
    totals = np.zeros(count, np.int64)
    for members, by_chance in units.strata(FEWEST_BY_HASH * count):
        sizes = units.counts[members].sum(axis=1)
        if by_chance:
            numbers[members] = units.ranks[members] // np.uint64(-(-(2**64) // count))
            np.add.at(totals, numbers[members], sizes)
        else:
            numbers[members] = _deal(sizes, totals)
    found = numbers[units.of_sample]
    return [np.flatnonzero(found == number) for number in range(count)]


def small_classes(samples: Samples) -> list[str]:
    """Return the classes too small to go by chance: adding pictures may move some there."""
    if samples.images.keys_are_positions:
        return []
    units = _units_of(samples, "")
    present = (units.counts > 0).sum(axis=0)
    return [
        name
        for name, count in zip(samples.class_names, present, strict=True)
        if 0 < count < FEWEST_BY_HASH
    ]


def _units_of(samples: Samples, salt: str) -> _Units:
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(name, len(numbers)) for name in unit_names(samples)]
    of_sample = np.array(found, np.int64)
    counts = np.zeros((len(numbers), len(samples.class_names)), np.int64)
    np.add.at(counts, (of_sample, samples.targets), 1)
    ranks = np.array([_hash(name, salt) for name in numbers], np.uint64)
    return _Units(of_sample, counts, ranks, samples.images.keys_are_positions)


def _check_sizes(samples: Samples, units: _Units, split: str) -> None:
    """Raise `DataError` if a class cannot be in both parts."""
    present = (units.counts > 0).sum(axis=0)
    small = [n for n, count in zip(samples.class_names, present, strict=True) if count == 1]
    if not small:
        return
    if all(samples.counts[name] == 1 for name in small):
        raise DataError(
            f"Each class needs at least two pictures when the {split} images are held out, one "
            f"of them to train on. Received: one left of {', '.join(small)}. Fix: add pictures."
        )
    raise DataError(
        f"Each class needs pictures of at least two groups when the {split} images are held out, "
        f"since a group stays together. Received: one group, or one picture with copies of "
        f"itself, in {', '.join(small)}. Fix: add pictures of another group."
    )


def _count_nearest(sizes: Indices, fraction: float) -> int:
    """Return how many units come nearest to the share of all samples; one, and not all."""
    sums = np.cumsum(sizes)
    count = int(np.abs(sums - round(fraction * int(sums[-1]))).argmin()) + 1
    return min(count, len(sizes) - 1)


def _represent_each_class(units: _Units, held: Mask) -> None:
    """Move a unit of each class that one part lacks: the one whose hash lies nearest.

    One that the other part needs for a class is moved only if there is no other.
    """
    for part in (True, False):
        for column in units.counts.T:
            members = np.flatnonzero(column)
            if not len(members) or (held[members] == part).any():
                continue
            ordered = members[np.argsort(units.ranks[members], kind="stable")]
            left = (units.counts[held != part] > 0).sum(axis=0)
            nearest = ordered if part else ordered[::-1]
            spare = [unit for unit in nearest if (left[units.counts[unit] > 0] > 1).all()]
            held[(spare or nearest)[0]] = part


def _deal(sizes: Indices, totals: Indices) -> Indices:
    """Return a fold for each unit: where there is least of its class, then least of all."""
    own = np.zeros_like(totals)
    chosen = np.empty(len(sizes), np.int64)
    for place, size in enumerate(sizes):
        fold = np.lexsort((totals, own))[0]
        chosen[place] = fold
        own[fold] += size
        totals[fold] += size
    return chosen


def _hash(name: str, salt: str) -> int:
    digest = hashlib.blake2b(name_bytes(name), digest_size=8, key=salt.encode())
    return int.from_bytes(digest.digest(), "big")
