"""From which probability on labels are wrong no more often than is promised."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from tellapart.decisions import CONFIDENCE, RiskTable
from tellapart.evaluate.conformal import set_threshold

ROWS = 100
"""At most so many thresholds are tried."""


def upper_bounds(wrong: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each share of wrong answers is below, with 95% confidence.

    C. Clopper and E. Pearson, "The use of confidence or fiducial limits", Biometrika 26
    (1934), one-sided.

    Args:
        wrong: `(k,)`: how many of `count` were wrong.
        count: `(k,)`: at least 1.

    Example:
        >>> upper_bounds(np.array([0, 3]), np.array([149, 3])).round(4).tolist()
        [0.0199, 1.0]
    """
    right = np.maximum(count - wrong, 1)
    return np.where(wrong == count, 1.0, beta.ppf(CONFIDENCE, wrong + 1, right))


def fit_risk_table(
    probabilities: NDArray[np.floating], targets: NDArray[np.int64], coverage: float
) -> RiskTable:
    """Return what answering only the surest images comes to, one threshold a hundredth.

    Thresholds are the probabilities of the images at fixed ranks, so a bound holds for its
    threshold although that was found on the same images (docs/decisions/012). Geifman and
    El-Yaniv, "Selective classification for deep neural networks", 2017, search otherwise.

    Args:
        probabilities: `(n, classes)`, calibrated, n at least 1.
        targets: `(n,)`: the true classes' numbers.
        coverage: How often the sets of the others hold the true class.

    Example:
        >>> table = fit_risk_table(np.eye(2)[[0, 1, 1]], np.array([0, 1, 0]), 0.9)
        >>> table.answered, table.wrong
        ((3,), (1,))
    """
    order = np.argsort(-probabilities.max(axis=1), kind="stable")
    best = probabilities.max(axis=1)[order]
    wrong_up_to = np.cumsum((probabilities.argmax(axis=1) != targets)[order])
    true = probabilities[np.arange(len(targets)), targets][order]
    ranks = np.ceil(len(best) * np.arange(1, ROWS + 1) / ROWS).astype(np.int64)
    thresholds = np.unique(best[ranks - 1])[::-1]
    answered = np.searchsorted(-best, -thresholds, side="right")
    wrong = wrong_up_to[answered - 1]
    return RiskTable(
        samples=len(best),
        thresholds=tuple(thresholds.tolist()),
        answered=tuple(answered.tolist()),
        wrong=tuple(wrong.tolist()),
        bounds=tuple(upper_bounds(wrong, answered).tolist()),
        set_thresholds=tuple(set_threshold(true[count:], coverage) for count in answered),
        set_threshold_of_all=set_threshold(true, coverage),
    )
