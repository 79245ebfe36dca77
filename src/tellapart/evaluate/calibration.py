"""Whether a classifier is as sure as it is right."""

import numpy as np
from numpy.typing import NDArray

from tellapart.evaluate.bootstrap import basic_interval, count_units, resample_sums
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.parts import Calibration, Reliability, ReliabilityBin
from tellapart.evaluate.sums import hot_columns
from tellapart.evaluate.temperature import apply_temperature

BINS = 15

Floats = NDArray[np.floating]


def reliability_bins(confidences: Floats, bins: int = BINS) -> NDArray[np.int64]:
    """Return the number of each answer's bin, from the least sure to the surest.

    The bins hold equally many samples, so that none is too empty to say anything; equal
    confidences share a bin.

    Args:
        confidences: `(n,)`: the probability of each answer, at least one.
        bins: At most so many; at most one for each sample.

    Example:
        >>> reliability_bins(np.array([0.9, 0.5, 0.6, 0.9]), 2).tolist()
        [1, 0, 0, 1]
    """
    edges = np.quantile(confidences, np.linspace(0, 1, min(bins, len(confidences)) + 1)[1:-1])
    places = np.searchsorted(np.unique(edges), confidences, side="left")
    return np.asarray(np.unique(places, return_inverse=True)[1], np.int64)


def expected_calibration_error(
    confidences: Floats, right: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Return by how much confidence and accuracy differ, on average over bins.

    M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated probabilities
    using Bayesian binning", AAAI (2015), with bins of equal mass. Noise alone makes it
    positive: compare it with its interval, not with 0.

    Args:
        confidences: `(n,)`: the probability of each answer.
        right: `(n,)`: which answers are right.
        bins: At most so many.

    Example:
        >>> expected_calibration_error(np.full(10, 0.9), np.arange(10) < 9) < 1e-12
        True
    """
    gaps = np.bincount(reliability_bins(confidences, bins), confidences - right)
    return float(np.abs(gaps).sum() / len(right))


def reliability(
    probabilities: Floats,
    targets: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
    *,
    seed: int = 0,
) -> Reliability:
    """Return the bins of the reliability diagram, and the error with its interval.

    Args:
        probabilities: `(n, classes)`.
        targets: `(n,)`: the true classes' numbers.
        groups: `(n,)`: samples of one number belong together.
        seed: Of the bootstrap.

    Example:
        >>> found = reliability(np.full((40, 2), [0.9, 0.1]), np.arange(40) % 2)
        >>> round(found.error.value, 2), found.bins[0].accuracy.value
        (0.4, 0.5)
    """
    confidences = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == targets
    places = reliability_bins(confidences)
    counts = np.bincount(places)
    rights = np.bincount(places, right).astype(int)
    means = np.bincount(places, confidences) / counts
    ones, first = np.ones(len(right)), np.zeros(len(right), np.int64)
    columns = hot_columns([(places, len(counts), confidences - right), (first, 1, ones)])
    sums = resample_sums(columns, groups, seed=seed)
    errors = np.abs(sums[:, :-1]).sum(axis=1) / sums[:, -1]
    value = expected_calibration_error(confidences, right)
    return Reliability(
        error=basic_interval(value, errors, count_units(len(right), groups)),
        bins=tuple(
            ReliabilityBin(confidence=mean, accuracy=wilson_interval(good, count), samples=count)
            for mean, good, count in zip(
                means.tolist(), rights.tolist(), counts.tolist(), strict=True
            )
        ),
    )


def calibration(
    probabilities: Floats,
    targets: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
    temperature: float | None = None,
) -> Calibration:
    """Return the reliability as it is, and at a temperature fitted on other samples.

    Raises:
        UsageError: `temperature` is not a finite number above 0.

    Example:
        >>> found = calibration(np.full((40, 2), [0.9, 0.1]), np.arange(40) % 2, temperature=9.0)
        >>> found.after.error.value < found.before.error.value
        True
    """
    after = None
    if temperature is not None:
        after = reliability(apply_temperature(probabilities, temperature), targets, groups)
    return Calibration(
        before=reliability(probabilities, targets, groups), temperature=temperature, after=after
    )
