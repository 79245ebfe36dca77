"""How far a score from a sample may be from the truth."""

from scipy.stats import binomtest

from tellapart.evaluate.record import Interval


def wilson_interval(right: int, count: int) -> Interval:
    """Return a proportion with its 95 % Wilson score interval.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), as SciPy computes it.

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
    found = binomtest(right, count).proportion_ci(confidence_level=0.95, method="wilson")
    return Interval(value=right / count, low=float(found.low), high=float(found.high))
