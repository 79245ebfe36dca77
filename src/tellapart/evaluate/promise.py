"""From which probability on labels are wrong no more often than is promised."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from tellapart.decisions import CONFIDENCE, RiskTable
from tellapart.evaluate.conformal import set_threshold

ROWS = 100
"""At most so many thresholds are tried."""


def upper_bound(wrong: int, count: int) -> float:
    """Return what a share of wrong answers is below, with 95 % confidence.

    C. Clopper and E. Pearson, "The use of confidence or fiducial limits", Biometrika 26
    (1934), one-sided.

    Args:
        wrong: How many of `count` were wrong.
        count: At least 1.

    Raises:
        ValueError: `wrong` is not from 0 to `count`, or `count` is 0.

    Example:
        >>> round(upper_bound(0, 149), 4)
        0.0199
    """
    if not 0 <= wrong <= count or not count:
        raise ValueError(f"{wrong} of {count} cannot be wrong.")
    return 1.0 if wrong == count else float(beta.ppf(CONFIDENCE, wrong + 1, count - wrong))


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
    best = probabilities.max(axis=1)
    is_wrong = probabilities.argmax(axis=1) != targets
    true = probabilities[np.arange(len(targets)), targets]
    ranks = np.ceil(len(best) * np.arange(1, ROWS + 1) / ROWS).astype(np.int64)
    thresholds = np.unique(np.sort(best)[::-1][ranks - 1])[::-1]
    chosen = [best >= threshold for threshold in thresholds]
    answered = [int(mask.sum()) for mask in chosen]
    wrong = [int(is_wrong[mask].sum()) for mask in chosen]
    return RiskTable(
        samples=len(best),
        thresholds=tuple(map(float, thresholds)),
        answered=tuple(answered),
        wrong=tuple(wrong),
        bounds=tuple(upper_bound(w, n) for w, n in zip(wrong, answered, strict=True)),
        set_thresholds=tuple(set_threshold(true[~mask], coverage) for mask in chosen),
        set_threshold_of_all=set_threshold(true, coverage),
    )
