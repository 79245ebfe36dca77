"""Whether two classifiers differ by more than chance on the same samples."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, chi2

from tellapart.errors import DataError
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.record import PairedComparison

FEW = 25
"""Below so many samples that one alone has right, the test is exact."""

SIGNIFICANCE = 0.05


def compare_paired(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_]) -> PairedComparison:
    """Return how the right answers of two classifiers on the same samples compare.

    Args:
        right_a: `(n,)`: which samples A answers rightly.
        right_b: `(n,)`: the same for B, in the same order.

    Raises:
        DataError: There is no sample, or the two do not have as many.

    Example:
        >>> found = compare_paired(np.array([True, True, False]), np.array([True, False, True]))
        >>> found.only_a, found.only_b, found.difference.value, found.p_value
        (1, 1, 0.0, 1.0)
    """
    if right_a.shape != right_b.shape or right_a.ndim != 1 or not len(right_a):
        raise DataError(
            "Two classifiers must be compared on the same samples, at least one. Received: "
            f"{right_a.shape} and {right_b.shape} answers."
        )
    both, neither = int((right_a & right_b).sum()), int((~right_a & ~right_b).sum())
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    return PairedComparison(
        samples=len(right_a),
        both=both,
        only_a=only_a,
        only_b=only_b,
        neither=neither,
        difference=newcombe_interval(both, only_a, only_b, neither),
        p_value=mcnemar_test(only_a, only_b),
    )


def mcnemar_test(only_a: int, only_b: int) -> float:
    """Return the two-sided p-value of McNemar's test: are A and B right equally often?

    Q. McNemar, "Note on the sampling error of the difference between correlated proportions
    or percentages", Psychometrika 12 (1947). Few samples are tested exactly, by the binomial
    distribution; from `FEW` on by chi-squared without a correction for continuity, which M. W.
    Fagerland, S. Lydersen and P. Laake, "The McNemar test for binary matched-pairs data", BMC
    Medical Research Methodology 13:91 (2013), find needlessly weak.

    Args:
        only_a: How many samples A alone has right.
        only_b: How many samples B alone has right.

    Raises:
        ValueError: A count is negative.

    Example:
        >>> mcnemar_test(0, 5)
        0.0625
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"Counts must be at least 0. Received: {only_a} and {only_b}.")
    discordant = only_a + only_b
    if not discordant:
        return 1.0
    if discordant < FEW:
        return float(binomtest(only_a, discordant).pvalue)
    return float(chi2.sf((only_a - only_b) ** 2 / discordant, df=1))


def newcombe_interval(both: int, only_a: int, only_b: int, neither: int) -> Interval:
    """Return the accuracy of B minus that of A, with its 95% interval.

    R. G. Newcombe, "Improved confidence intervals for the difference between binomial
    proportions based on paired data", Statistics in Medicine 17 (1998), method 10: Wilson
    intervals of both accuracies, squared and added, less what they have in common.

    Args:
        both: How many samples both have right.
        only_a: How many A alone has right.
        only_b: How many B alone has right.
        neither: How many none has right.

    Raises:
        ValueError: A count is negative, or all are 0.

    Example:
        >>> found = newcombe_interval(80, 5, 12, 3)
        >>> round(found.value, 3), found.low < 0 < found.high
        (0.07, True)
    """
    if min(both, only_a, only_b, neither) < 0:
        raise ValueError("Counts must be at least 0.")
    samples = both + only_a + only_b + neither
    a, b = wilson_interval(both + only_a, samples), wilson_interval(both + only_b, samples)
    common = _correlation(both, only_a, only_b, neither)
    down, up = (
        math.sqrt(max(0.0, one**2 - 2 * common * one * other + other**2))
        for one, other in ((b.value - b.low, a.high - a.value), (b.high - b.value, a.value - a.low))
    )
    value = (only_b - only_a) / samples
    return Interval(value=value, low=max(-1.0, value - down), high=min(1.0, value + up))


def conclude(found: PairedComparison) -> str:
    """Return in one sentence whether B is better than A by more than chance.

    Example:
        >>> conclude(compare_paired(np.array([True]), np.array([True])))
        'No difference: A and B have the same test images right.'
    """
    if not found.only_a + found.only_b:
        return "No difference: A and B have the same test images right."
    sign = -1 if found.difference.value < 0 else 1
    low, high = sorted((sign * 100 * found.difference.low, sign * 100 * found.difference.high))
    chance = f"p = {found.p_value:.2g}" if found.p_value >= 0.001 else "p < 0.001"
    claim = (
        f"B is {abs(100 * found.difference.value):.2f} points {'worse' if sign < 0 else 'better'} "
        f"(95% interval {low:.2f} to {high:.2f}; McNemar {chance})"
    )
    if found.p_value < SIGNIFICANCE:
        return f"{claim}: more than noise."
    return f"No difference beyond noise: {claim}."


def _correlation(both: int, only_a: int, only_b: int, neither: int) -> float:
    """Return how far A and B are right together, corrected for continuity as in the paper."""
    samples = both + only_a + only_b + neither
    margins = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    product = both * neither - only_a * only_b
    if not margins:
        return 0.0
    return (max(product - samples / 2, 0.0) if product > 0 else product) / math.sqrt(margins)
