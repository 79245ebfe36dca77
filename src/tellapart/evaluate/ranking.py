"""How well each class is ranked before all others: curves and the areas under them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from tellapart.evaluate.parts import ClassCurves, Curve

MOST_POINTS = 100
MOST_CURVES = 100
"""Of more classes only the areas are kept: nobody reads so many curves."""

Floats = NDArray[np.floating]


def roc_area(is_positive: NDArray[np.bool_], scores: Floats) -> tuple[float, NDArray[np.float64]]:
    """Return the area under the ROC curve, and what each sample contributes to its error.

    The area is the chance that a positive sample is ranked before a negative one. E. R.
    DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the areas under two or more
    correlated receiver operating characteristic curves", Biometrics 44 (1988), give the share
    of each sample in it. Resampling these, which sum to 0, needs no ranking anew.

    Args:
        is_positive: `(n,)`: which samples are of the class; some are and some are not.
        scores: `(n,)`: higher for those that are rather of the class.

    Returns:
        The area, and `(n,)`: the area of the samples drawn with weights w is about the area
        plus the mean of this under w.

    Example:
        >>> area, _ = roc_area(np.array([False, True, True]), np.array([0.1, 0.4, 0.3]))
        >>> area
        1.0
    """
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    ranks = rankdata(scores)
    placed = np.empty(len(scores))
    placed[is_positive] = (ranks[is_positive] - rankdata(scores[is_positive])) / negatives
    below = ranks[~is_positive] - rankdata(scores[~is_positive])
    placed[~is_positive] = 1 - below / positives
    area = float(placed[is_positive].mean())
    sizes = np.where(is_positive, positives, negatives)
    return area, (placed - area) * len(scores) / sizes


def average_precision(is_positive: NDArray[np.bool_], scores: Floats) -> float:
    """Return the area under the precision–recall curve, as a sum of steps.

    Example:
        >>> average_precision(np.array([False, True, True]), np.array([0.1, 0.4, 0.3]))
        1.0
    """
    return float(average_precision_score(is_positive, scores))


def class_curves(
    targets: NDArray[np.int64], probabilities: Floats, class_names: Sequence[str]
) -> tuple[ClassCurves, ...]:
    """Return the curves of each class that has samples, while others have some too.

    Args:
        targets: `(n,)`: the true classes' numbers.
        probabilities: `(n, classes)`.
        class_names: At most `MOST_CURVES`, else no curve is returned.

    Example:
        >>> found = class_curves(np.array([0, 1]), np.eye(2), ["cat", "dog"])
        >>> found[0].roc.x, found[0].roc.y
        ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0))
    """
    if len(class_names) > MOST_CURVES:
        return ()
    curves = []
    for number, name in enumerate(class_names):
        positive = targets == number
        if not 0 < positive.sum() < len(targets):
            continue
        false, true, _ = roc_curve(positive, probabilities[:, number])
        precision, recall, _ = precision_recall_curve(positive, probabilities[:, number])
        curves.append(
            ClassCurves(
                name=name,
                roc=thin(false, true),
                precision_recall=thin(recall[::-1], precision[::-1]),
            )
        )
    return tuple(curves)


def thin(x: NDArray[np.float64], y: NDArray[np.float64]) -> Curve:
    """Return at most 100 points of a curve, at even distances along it, with both ends.

    Args:
        x: `(n,)`, in the curve's order.
        y: `(n,)`.

    Example:
        >>> curve = thin(np.linspace(0, 1, 5001), np.linspace(0, 1, 5001) ** 2)
        >>> len(curve.x), curve.x[0], curve.y[-1]
        (100, 0.0, 1.0)
    """
    if len(x) > MOST_POINTS:
        way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
        marks = np.linspace(0.0, way[-1], MOST_POINTS)
        chosen = np.unique(np.searchsorted(way, marks).clip(0, len(x) - 1))
        chosen[-1] = len(x) - 1
        x, y = x[chosen], y[chosen]
    return Curve(x=tuple(x.round(5).tolist()), y=tuple(y.round(5).tolist()))
