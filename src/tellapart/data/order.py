"""The order in which samples are seen: a function of (seed, epoch, index) and nothing else."""

import numpy as np

from tellapart.data.samples import Indices


def sample_order(seed: int, epoch: int, count: int) -> Indices:
    """Return the permutation of `count` samples that one epoch goes through.

    The raw output of the Philox generator, whose stream NumPy keeps stable, is sorted.
    So the position in a training run is two whole numbers: epoch and index.

    Args:
        seed: The recipe's seed.
        epoch: Counted from 0.
        count: How many samples there are.

    Example:
        >>> sorted(sample_order(seed=1, epoch=0, count=5).tolist())
        [0, 1, 2, 3, 4]
    """
    keys = np.random.Philox(key=[seed, epoch]).random_raw(count)
    return np.argsort(keys, kind="stable")
