"""How far a score from a sample may be from the truth."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from tellapart.evaluate.parts import Interval

_Z = float(ndtri(0.975))


def wilson_interval(right: int, count: int) -> Interval:
    """Return a proportion with its 95% Wilson score interval.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927).

    Args:
        right: How many of `count` were right.
        count: At least 1.

    Raises:
        ValueError: `right` is not from 0 to `count`, or `count` is 0.

    Example:
        >>> interval = wilson_interval(90, 100)
        >>> round(interval.low, 3), round(interval.high, 3)
        (0.826, 0.945)
    """
    if not 0 <= right <= count or not count:
        raise ValueError(
            f"`right` must be from 0 to `count`, and `count` at least 1. "
            f"Received: {right} and {count}."
        )
    low, high = wilson_bounds(right / count, count)
    return Interval(value=right / count, low=float(low), high=float(high))


def wilson_bounds(
    shares: ArrayLike, counts: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of the Wilson intervals of many proportions.

    Args:
        shares: Any shape, from 0 to 1.
        counts: Of the same shape, above 0; need not be whole, as an effective number is not.

    Example:
        >>> low, high = wilson_bounds([0.5, 0.0], [10, 10])
        >>> low.round(2).tolist(), high.round(2).tolist()
        ([0.24, 0.0], [0.76, 0.28])
    """
    p, n = np.asarray(shares, np.float64), np.asarray(counts, np.float64)
    middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    low = np.where(p == 0, 0.0, np.minimum(middle - half, p))
    high = np.where(p == 1, 1.0, np.maximum(middle + half, p))
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def accuracy_interval(
    right: NDArray[np.bool_], groups: NDArray[np.int64] | None = None
) -> Interval:
    """Return the share of right answers with its 95% interval.

    Pictures of one group, such as a patient, are right or wrong together, so they tell less
    than as many independent ones. Wilson's interval is taken at their effective number, as
    E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small expected
    number of positive counts estimated from survey data", Survey Methodology 24 (1998), do;
    it is never above the number of samples.

    Args:
        right: `(n,)`: which answers are right, at least one.
        groups: `(n,)`: a number for each sample, the same within a group; `None` where every
            sample is on its own.

    Raises:
        ValueError: There is no sample.

    Example:
        >>> right, groups = np.repeat([True, True, True, False], 25), np.repeat([0, 1, 2, 3], 25)
        >>> accuracy_interval(right).low > accuracy_interval(right, groups).low
        True
    """
    plain = wilson_interval(int(right.sum()), len(right))
    if groups is None:
        return plain
    sizes = np.bincount(groups)
    sizes, sums = sizes[sizes > 0], np.bincount(groups, weights=right)[sizes > 0]
    effective = _effective_number(plain.value, sums, sizes)
    low, high = wilson_bounds(plain.value, effective)
    return Interval(value=plain.value, low=float(low), high=float(high))


def _effective_number(share: float, sums: NDArray[Any], sizes: NDArray[Any]) -> float:
    """Return how many independent samples would tell as much as these groups."""
    count, units = float(sizes.sum()), len(sizes)
    if units < 2 or share in (0.0, 1.0):
        return float(units)
    spread = units / (units - 1) * float(((sums - share * sizes) ** 2).sum()) / count**2
    return min(count, share * (1 - share) / spread) if spread else count
