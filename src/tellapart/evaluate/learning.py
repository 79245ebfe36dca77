"""Whether more pictures would help: scores at several sizes of the training data."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.optimize import nnls

from tellapart.errors import UsageError
from tellapart.evaluate.parts import Interval, Record

_LEAST_POINTS = 3
_EXPONENTS = np.linspace(0.05, 2.0, 118)
_MATTERS = 0.005
"""A gain of half a point is worth telling."""


class LearningCurve(Record):
    """How the error falls with the number of training pictures.

    The curve is error = floor + scale × size^-exponent, the power law that J. Hestness et al.,
    "Deep learning scaling is predictable, empirically" (2017), find over many tasks.

    Attributes:
        sizes: How many pictures were trained on, rising.
        accuracies: What came of each, with its interval.
        floor: The error that no number of pictures would go below, as far as the fit says.
        scale: Of the law.
        exponent: Of the law.
        doubled: The accuracy foretold for twice the largest size; `None` where more pictures
            did not help, so that there is nothing to go by.
        conclusion: What that means, in one sentence.
    """

    sizes: tuple[int, ...]
    accuracies: tuple[Interval, ...]
    floor: float
    scale: float
    exponent: float
    doubled: float | None
    conclusion: str


def fit_learning_curve(sizes: Sequence[int], accuracies: Sequence[Interval]) -> LearningCurve:
    """Return what scores at several sizes of the training data say of more data.

    Three or four points bear no more than a guess one doubling ahead, and none at all where
    the scores at the two largest sizes are within each other's noise and do not rise.

    Args:
        sizes: At least three numbers of training pictures, rising.
        accuracies: The accuracy at each size, with its interval, all on the same test images.

    Raises:
        UsageError: There are fewer than three sizes, they do not rise, or each has not one
            accuracy.

    Example:
        >>> scores = [Interval(value=v, low=v - 0.01, high=v + 0.01) for v in (0.7, 0.8, 0.86)]
        >>> found = fit_learning_curve([1000, 2000, 4000], scores)
        >>> 0.86 < found.doubled < 0.92
        True
    """
    rising = all(one < other for one, other in pairwise(sizes))
    if len(sizes) != len(accuracies) or len(sizes) < _LEAST_POINTS or not rising or sizes[0] < 1:
        raise UsageError(
            "A learning curve needs at least three rising sizes, each with one accuracy. "
            f"Received: {list(sizes)} and {len(accuracies)} accuracies."
        )
    errors = np.array([1 - one.value for one in accuracies])
    floor, scale, exponent = _fit(np.array(sizes, np.float64), errors)
    last = accuracies[-1]
    doubled = None
    if last.value > accuracies[-2].value and scale > 0:
        gain = scale * (float(sizes[-1]) ** -exponent - float(2 * sizes[-1]) ** -exponent)
        doubled = min(1.0, last.value + gain)
    return LearningCurve(
        sizes=tuple(sizes),
        accuracies=tuple(accuracies),
        floor=floor,
        scale=scale,
        exponent=exponent,
        doubled=doubled,
        conclusion=_conclude(sizes[-1], accuracies, doubled),
    )


def _fit(
    sizes: np.ndarray[tuple[int], np.dtype[np.float64]],
    errors: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[float, float, float]:
    """Return floor, scale and exponent of the nearest law, none of them below 0.

    For a given exponent the law is linear, so each of a grid of them is solved exactly.
    """
    fits = []
    for exponent in _EXPONENTS.tolist():
        design = np.stack([np.ones_like(sizes), (sizes / sizes[0]) ** -exponent], axis=1)
        (floor, scale), distance = nnls(design, errors)
        fits.append((distance, exponent, float(floor), float(scale)))
    _, exponent, floor, scale = min(fits)
    return floor, scale * float(sizes[0]) ** exponent, exponent


def _conclude(largest: int, accuracies: Sequence[Interval], doubled: float | None) -> str:
    last = accuracies[-1]
    if doubled is None:
        return (
            f"More pictures did not help from the second largest size to {largest:,}: better "
            "labels or another recipe may."
        )
    gain = doubled - last.value
    noise = (last.high - last.low) / 2
    guess = f"Twice as many pictures would give about {doubled:.1%} instead of {last.value:.1%}"
    if gain < _MATTERS:
        return f"{guess}: more pictures alone would hardly help."
    if gain < noise:
        return f"{guess}, a gain within the noise of this test: it may help."
    return f"{guess}, as far as {len(accuracies)} points can tell: more pictures would help."
