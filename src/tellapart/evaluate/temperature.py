"""One number that makes a network as sure as it is right, without changing an answer."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from tellapart.errors import DataError, UsageError

LEAST_SAMPLES = 20
"""From fewer samples no temperature is fitted."""

LOWEST, HIGHEST = 0.05, 100.0
"""No temperature outside these is returned."""

_FLOOR = 1e-12
"""What a probability below it counts as, since 0 has no logarithm."""

Floats = NDArray[np.floating]


def log_probabilities(probabilities: Floats) -> NDArray[np.float64]:
    """Return the natural logarithm of probabilities; that of 0 is taken at 1e-12.

    Args:
        probabilities: `(n, classes)`, from 0 to 1.

    Example:
        >>> log_probabilities(np.array([[1.0, 0.0]])).round(2).tolist()
        [[0.0, -27.63]]
    """
    return np.log(np.clip(probabilities.astype(np.float64), _FLOOR, 1.0))


def fit_temperature(scores: Floats, targets: NDArray[np.integer]) -> float:
    """Return the temperature under which the answers' log loss is least.

    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On calibration of modern neural networks",
    ICML (2017), section 4.2. The loss is convex in 1/T, so it has one minimum. It is fitted on
    samples that the network was not trained on, and that are not scored afterwards.

    Where it cannot be told, it is 1, which changes nothing: with fewer than 20 samples, or
    where every answer is right, since then the loss falls for ever as the network grows surer.

    Args:
        scores: `(n, classes)`: logits, or `log_probabilities`, which differ from them by a
            constant in each row and so give the same temperature.
        targets: `(n,)`: the true classes' numbers.

    Returns:
        Above 1 where the network is surer than it is right; from 0.05 to 100.

    Raises:
        DataError: The shapes do not fit, or a score is not a finite number.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> logits = rng.normal(size=(5000, 3))
        >>> targets = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
        >>> round(fit_temperature(3 * logits, targets))
        3
    """
    _check(scores, targets)
    values = np.asarray(scores, np.float64)
    if len(targets) < LEAST_SAMPLES or bool((values.argmax(axis=1) == targets).all()):
        return 1.0
    values = values - values.max(axis=1, keepdims=True)
    rows = np.arange(len(targets))

    def loss(log_temperature: float) -> float:
        scaled = values * math.exp(-log_temperature)
        return float(-log_softmax(scaled, axis=1)[rows, targets].mean())

    bounds = (math.log(LOWEST), math.log(HIGHEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return math.exp(float(found.x))


def apply_temperature(probabilities: Floats, temperature: float) -> NDArray[np.float64]:
    """Return probabilities at another temperature; no answer changes.

    Args:
        probabilities: `(n, classes)`: rows that sum to 1.
        temperature: Above 1 makes every answer less sure, below 1 surer, 1 leaves it.

    Returns:
        `(n, classes)`, float64, so that no two probabilities fall together by rounding.

    Raises:
        UsageError: `temperature` is not a finite number above 0.

    Example:
        >>> apply_temperature(np.array([[0.9, 0.1]]), 2.0).round(2).tolist()
        [[0.75, 0.25]]
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise UsageError(f"`temperature` must be a number above 0. Received: {temperature}.")
    answers = probabilities.argmax(axis=1)
    scaled = np.asarray(softmax(log_probabilities(probabilities) / temperature, axis=1), np.float64)
    rounded = np.flatnonzero(scaled.argmax(axis=1) != answers)
    scaled[rounded, answers[rounded]] = np.nextafter(scaled[rounded].max(axis=1), 2.0)
    return scaled


def _check(scores: Floats, targets: NDArray[np.integer]) -> None:
    if scores.ndim != 2 or targets.shape != scores.shape[:1] or not scores.shape[1]:
        raise DataError(
            "Scores must be (n, classes) and targets (n,). "
            f"Received: {scores.shape} and {targets.shape}."
        )
    if not np.isfinite(scores).all():
        raise DataError(
            "Each score must be a finite number. Received: infinity or NaN. "
            "Fix: take the logarithms by `log_probabilities`."
        )
    if targets.size and (targets.min() < 0 or targets.max() >= scores.shape[1]):
        raise DataError(
            f"Targets must be from 0 to {scores.shape[1] - 1}. "
            f"Received: {targets.min()} to {targets.max()}."
        )
