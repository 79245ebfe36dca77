"""Which samples are held out: stratified, and a function of (seed, sample key) alone."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tellapart.data.samples import Indices, Samples
from tellapart.errors import DataError


def hold_out(samples: Samples, fraction: float, seed: int, split: str) -> tuple[Samples, Samples]:
    """Split samples in two, class by class, by a hash of seed and sample key.

    Args:
        samples: What to split.
        fraction: The share of each class to hold out, 0 to 1; at least one sample.
        seed: Another seed gives another split.
        split: What the held-out part is called; it is part of the hash, so that a second
            hold-out does not follow the first one.

    Returns:
        The remaining samples and the held-out ones, each in their old order.

    Raises:
        DataError: A class that has samples has fewer than two.
    """
    small = [name for name, count in samples.counts.items() if count == 1]
    if small:
        raise DataError(
            f"Each class needs at least two pictures when the {split} images are held out, one "
            f"of them to train on. Received: one left of {', '.join(small)}. Fix: add pictures."
        )
    keys = [samples.images.key(i) for i in range(len(samples))]
    held = _chosen(keys, samples.targets, fraction, f"{split}:{seed}")
    everything = np.arange(len(samples))
    return (
        samples.take(everything[~held]),
        samples.take(everything[held], split),
    )


def _chosen(keys: Sequence[str], targets: Indices, fraction: float, salt: str) -> NDArray[np.bool_]:
    """Return which samples are held out: those of each class with the lowest hashes."""
    ranks = np.array([_hash(key, salt) for key in keys], np.uint64)
    held = np.zeros(len(keys), np.bool_)
    for target in np.unique(targets):
        members = np.flatnonzero(targets == target)
        count = min(max(1, round(fraction * len(members))), len(members) - 1)
        held[members[np.argsort(ranks[members], kind="stable")[:count]]] = True
    return held


def _hash(key: str, salt: str) -> int:
    digest = hashlib.blake2b(
        key.encode("utf-8", "surrogateescape"), digest_size=8, key=salt.encode()
    )
    return int.from_bytes(digest.digest(), "big")
