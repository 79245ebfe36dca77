"""The scores that sum up all classes, each with its 95% interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.evaluate.bootstrap import count_units, percentile_interval, resample_sums
from tellapart.evaluate.intervals import accuracy_interval
from tellapart.evaluate.parts import Interval, TopK
from tellapart.evaluate.sums import hot_columns

_LEAST_PROBABILITY = 1e-7
"""What a lower probability counts as in the log loss, as in Keras: one certain wrong answer
must not be infinitely bad."""

MOST_K = 3

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Headline:
    """Is what `headline` returns; the attributes are those of `Evaluation`."""

    log_loss: Interval
    brier: Interval
    balanced_accuracy: Interval
    macro_f1: Interval
    roc_area: Interval | None


@dataclass(frozen=True, eq=False)
class ClassIntervals:
    """Is what is known of the classes: recalls and F1s where they have a meaning, and ranks.

    Attributes:
        recalls: Of the classes that have samples.
        f1s: Of the classes that have samples or were answered.
        roc_area: The mean over classes, or `None`.
        shares: `(n,)`: what each sample contributes to the error of that mean.
    """

    recalls: Sequence[Interval]
    f1s: Sequence[Interval]
    roc_area: float | None
    shares: Floats


def headline(
    targets: Numbers,
    probabilities: Floats,
    classes: ClassIntervals,
    groups: Numbers | None = None,
    *,
    seed: int = 0,
) -> Headline:
    """Return the scores over all classes, with bootstrap intervals.

    Args:
        targets: `(n,)`: the true classes' numbers.
        probabilities: `(n, classes)`: rows that sum to 1.
        classes: The scores by class.
        groups: `(n,)`: samples of one number are drawn together.
        seed: Of the bootstrap.
    """
    losses, squares = log_losses(targets, probabilities), brier_scores(targets, probabilities)
    answers, count = probabilities.argmax(axis=1), probabilities.shape[1]
    ones, first = np.ones(len(targets)), np.zeros(len(targets), np.int64)
    columns = hot_columns(
        [
            (targets, count, ones),
            (answers, count, ones),
            (targets, count, (answers == targets).astype(np.float64)),
            *((first, 1, values) for values in (losses, squares, classes.shares)),
        ]
    )
    sums = resample_sums(columns, groups, seed=seed)
    supports, taken, right = (sums[:, i * count : (i + 1) * count] for i in range(3))
    loss, square, shift = (sums[:, 3 * count :] / supports.sum(axis=1, keepdims=True)).T
    units = count_units(len(targets), groups)

    def interval(value: float, drawn: Floats) -> Interval:
        return percentile_interval(value, drawn, units)

    recall, f1 = mean_interval(classes.recalls), mean_interval(classes.f1s)
    area = classes.roc_area
    return Headline(
        log_loss=interval(float(losses.mean()), loss),
        brier=interval(float(squares.mean()), square),
        balanced_accuracy=_wider(interval(recall.value, _mean_share(right, supports)), recall),
        macro_f1=_wider(interval(f1.value, _mean_share(2 * right, supports + taken)), f1),
        roc_area=None if area is None else interval(area, (area + shift).clip(0, 1)),
    )


def log_losses(targets: Numbers, probabilities: Floats) -> Floats:
    """Return `(n,)`: minus the logarithm of each true class's probability, at most 16.2.

    Example:
        >>> log_losses(np.array([1]), np.array([[0.5, 0.5]])).round(3).tolist()
        [0.693]
    """
    safe = np.clip(probabilities, _LEAST_PROBABILITY, 1.0)
    chosen = safe[np.arange(len(targets)), targets] / safe.sum(axis=1)
    return np.asarray(-np.log(chosen), np.float64)


def brier_scores(targets: Numbers, probabilities: Floats) -> Floats:
    """Return `(n,)`: the squared errors of each sample's probabilities, summed over classes.

    G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather
    Review 78 (1950): from 0 to 2.

    Example:
        >>> brier_scores(np.array([1]), np.array([[0.5, 0.5]])).tolist()
        [0.5]
    """
    chosen = probabilities[np.arange(len(targets)), targets]
    return np.asarray((probabilities**2).sum(axis=1) - 2 * chosen + 1, np.float64)


def top_k(targets: Numbers, probabilities: Floats, groups: Numbers | None = None) -> TopK | None:
    """Return how often the true class is among the three most probable, or the two of three.

    Returns:
        `None` with two classes, where it would always be.

    Example:
        >>> top_k(np.array([1]), np.array([[0.5, 0.3, 0.2]])).score.value
        1.0
    """
    k = min(MOST_K, probabilities.shape[1] - 1)
    if k < 2:
        return None
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    found = (best == targets[:, np.newaxis]).any(axis=1)
    return TopK(k=k, score=accuracy_interval(found, groups))


def mean_interval(parts: Sequence[Interval]) -> Interval:
    """Return the mean of independent estimates with its 95% interval.

    G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures: a
    general approach", Statistics in Medicine 27 (2008): the distances to the ends are squared
    and added. Unlike the bootstrap, it does not take ten right answers of ten for certainty.

    Args:
        parts: At least one.

    Example:
        >>> one = Interval(value=0.5, low=0.3, high=0.7)
        >>> found = mean_interval([one] * 4)
        >>> round(found.low, 2), round(found.high, 2)
        (0.4, 0.6)
    """
    value = sum(part.value for part in parts) / len(parts)
    down = math.hypot(*(part.value - part.low for part in parts)) / len(parts)
    up = math.hypot(*(part.high - part.value for part in parts)) / len(parts)
    return Interval(value=value, low=max(0.0, value - down), high=min(1.0, value + up))


def _wider(one: Interval, other: Interval) -> Interval:
    """Return an interval that holds both of one estimate."""
    return Interval(value=one.value, low=min(one.low, other.low), high=max(one.high, other.high))


def _mean_share(right: Floats, count: Floats) -> Floats:
    """Return, of each resample, the mean share over the classes that it has."""
    shares = np.divide(right, count, out=np.zeros_like(right), where=count > 0)
    return np.asarray(shares.sum(axis=1) / (count > 0).sum(axis=1), np.float64)
