"""How seldom a classifier errs when it answers its surest samples only."""

import numpy as np
from numpy.typing import NDArray

from tellapart.evaluate.parts import RiskCoverage
from tellapart.evaluate.ranking import thin


def risk_coverage(confidences: NDArray[np.floating], right: NDArray[np.bool_]) -> RiskCoverage:
    """Return the risk at every coverage, and its mean, the area under the curve.

    R. El-Yaniv and Y. Wiener, "On the foundations of noise-free selective classification",
    Journal of Machine Learning Research 11 (2010); the area as Y. Geifman, G. Uziel and R.
    El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers", ICLR (2019),
    define it. Among equal confidences nothing decides which is answered first, so each
    counts as their mean.

    Args:
        confidences: `(n,)`: how sure each answer is.
        right: `(n,)`: which answers are right, at least one answer.

    Example:
        >>> found = risk_coverage(np.array([0.9, 0.8, 0.6]), np.array([True, True, False]))
        >>> found.curve.y, round(found.area, 3)
        ((0.0, 0.0, 0.33333), 0.111)
    """
    order = np.argsort(-confidences, kind="stable")
    _, level, sizes = np.unique(-confidences[order], return_inverse=True, return_counts=True)
    errors = np.bincount(level, ~right[order]) / sizes
    wrong = np.cumsum(errors[level])
    answered = np.arange(1, len(right) + 1)
    risks = wrong / answered
    return RiskCoverage(area=float(risks.mean()), curve=thin(answered / len(right), risks))
