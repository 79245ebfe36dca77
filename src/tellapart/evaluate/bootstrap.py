"""Intervals of what is not a proportion: the samples, or their groups, drawn again and again."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import norm, t

from tellapart.evaluate.parts import Interval

RESAMPLES = 1000
LEAST_RESAMPLES = 200
MOST_DRAWS = 50_000_000
"""With more samples fewer resamples are taken: the intervals are narrow then."""

MOST_KEPT = 20_000_000
"""Draws that are kept for the next score of the same samples: one byte each."""

_DRAWS_AT_ONCE = 1 << 20

Floats = NDArray[np.float64]


def resample_sums(
    columns: csr_array,
    groups: NDArray[np.int64] | None = None,
    *,
    resamples: int | None = None,
    seed: int = 0,
) -> Floats:
    """Return the sums of columns over samples that are drawn again with replacement.

    B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7
    (1979). Scores that are functions of such sums need no other pass over the samples.

    Args:
        columns: `(n, c)`: what is summed of each sample.
        groups: `(n,)`: samples of one number are drawn together.
        resamples: How often; by default 1,000 times, fewer with very many samples.
        seed: Of the draws.

    Returns:
        `(resamples, c)`.

    Example:
        >>> sums = resample_sums(csr_array(np.ones((50, 1))), resamples=3)
        >>> sums.ravel().tolist()
        [50.0, 50.0, 50.0]
    """
    units = columns if groups is None else _by_group(columns, groups)
    count, transposed = units.shape[0], csr_array(units.T)
    times = number_of_resamples(count) if resamples is None else resamples
    parts = [transposed @ weights.T for weights in _weights(count, times, seed)]
    return np.concatenate(parts, axis=1).T


def number_of_resamples(samples: int) -> int:
    """Return how many resamples are worth their time.

    Example:
        >>> number_of_resamples(10_000), number_of_resamples(10_000_000)
        (1000, 200)
    """
    return int(np.clip(MOST_DRAWS // max(samples, 1), LEAST_RESAMPLES, RESAMPLES))


def count_units(samples: int, groups: NDArray[np.int64] | None = None) -> int:
    """Return how many units are drawn from: the samples, or their groups."""
    return samples if groups is None else len(np.unique(groups))


def percentile_interval(value: float, drawn: Floats, units: int) -> Interval:
    """Return an estimate with its 95% interval out of what resamples gave.

    The percentiles are set a little wider than 2.5% and 97.5%, as T. C. Hesterberg, "What
    teachers should know about the bootstrap", The American Statistician 69 (2015), advises:
    resamples of few units spread too little.

    Args:
        value: The estimate from all samples.
        drawn: `(resamples,)`: the same from each resample.
        units: How many samples, or groups, were drawn from.

    Example:
        >>> found = percentile_interval(0.5, np.linspace(0, 1, 1001), 10_000)
        >>> round(found.low, 2), round(found.high, 2)
        (0.02, 0.98)
    """
    low, high = _quantiles(drawn, units)
    return Interval(value=value, low=min(low, value), high=max(high, value))


def basic_interval(value: float, drawn: Floats, units: int) -> Interval:
    """Return the same for an error that noise alone makes too large, such as calibration's.

    Resamples of such a score lie above it by about as much as it lies above the truth, so the
    percentiles are mirrored at it: the "basic" interval of A. C. Davison and D. V. Hinkley,
    "Bootstrap methods and their application" (1997), section 5.2. It does not go below 0.
    """
    low, high = _quantiles(drawn, units)
    low, high = max(0.0, 2 * value - high), 2 * value - low
    return Interval(value=value, low=min(low, value), high=max(high, value))


def _quantiles(drawn: Floats, units: int) -> tuple[float, float]:
    tail = _tail(units)
    low, high = np.quantile(drawn, (tail, 1 - tail))
    return float(low), float(high)


@lru_cache
def _tail(units: int) -> float:
    """Return the share to leave out at either end: a little less than 2.5%."""
    if units < 2:
        return 0.025
    return float(norm.cdf(math.sqrt(units / (units - 1)) * t.ppf(0.025, units - 1)))


def _by_group(columns: csr_array, groups: NDArray[np.int64]) -> csr_array:
    _, numbers = np.unique(groups, return_inverse=True)
    ones = np.ones(len(groups))
    membership = csr_array((ones, (numbers, np.arange(len(groups)))))
    return csr_array(membership @ columns)


def _weights(units: int, resamples: int, seed: int) -> Iterator[NDArray[Any]]:
    """Yield `(k, units)`: how often each unit was drawn, for some resamples at a time."""
    rows = max(1, _DRAWS_AT_ONCE // units)
    if units * resamples > MOST_KEPT:
        for counts in _draw(units, resamples, seed):
            yield counts.astype(np.float64)
        return
    counts = _drawn(units, resamples, seed)
    for first in range(0, resamples, rows):
        yield counts[first : first + rows].astype(np.float64)


@lru_cache(maxsize=2)
def _drawn(units: int, resamples: int, seed: int) -> NDArray[np.uint8]:
    """Return all that `_draw` yields: scores of the same samples ask for the same draws."""
    return np.concatenate(list(_draw(units, resamples, seed)))


def _draw(units: int, resamples: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    generator = np.random.default_rng(seed)
    rows = max(1, _DRAWS_AT_ONCE // units)
    for first in range(0, resamples, rows):
        count = min(rows, resamples - first)
        drawn = generator.integers(0, units, (count, units))
        drawn += units * np.arange(count)[:, np.newaxis]
        found = np.bincount(drawn.ravel(), minlength=count * units)
        # 255 are never drawn: a unit is drawn once on average, and at most as often as there are
        yield found.reshape(count, units).astype(np.uint8)
