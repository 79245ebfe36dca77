"""Which training images others are compared with, and how far off is too far."""

import math

import numpy as np
from numpy.typing import NDArray

from tellapart.decisions import NoveltyRule
from tellapart.verdicts import unit_rows

REFERENCES = 2_000
"""Training images that are kept as references, at most."""

NUMBERS = 1 << 19
"""The numbers that the references are in all, at most: a mebibyte."""

NEIGHBOUR = 3


def choose_references(features: NDArray[np.floating]) -> NDArray[np.float16] | None:
    """Return the references that pictures are compared with: rows of length 1.

    Args:
        features: `(n, width)` of training images in random order.

    Returns:
        `(m, width)`, or `None` where there are too few, or a number is not finite.

    Example:
        >>> choose_references(np.full((4, 1), 2.0)).tolist()
        [[1.0], [1.0], [1.0], [1.0]]
    """
    most = min(REFERENCES, NUMBERS // max(1, features.shape[1]))
    chosen = features[:most]
    if len(chosen) < NEIGHBOUR or not np.isfinite(chosen).all():
        return None
    return unit_rows(chosen).astype(np.float16)


def fit_novelty(novelty: NDArray[np.floating], share: float) -> NoveltyRule | None:
    """Return the rule that calls at most a share of known pictures unknown, on average.

    The threshold is the novelty at the rank ⌈(n+1)·(1−share)⌉, as for a conformal test.

    Args:
        novelty: `(n,)`: of known pictures that were not trained on.
        share: Between 0 and 1.

    Returns:
        The rule, or `None` where n is too small for it.

    Example:
        >>> fit_novelty(np.arange(1, 20) / 20, 0.05).threshold
        0.95
    """
    count = len(novelty)
    rank = math.ceil(round((count + 1) * (1 - share), 9))
    if rank > count or not np.isfinite(novelty).all():
        return None
    threshold = max(0.0, float(np.sort(novelty)[rank - 1]))
    return NoveltyRule(neighbour=NEIGHBOUR, threshold=threshold, share=share, samples=count)
