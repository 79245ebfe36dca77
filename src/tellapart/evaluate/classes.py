"""The scores of each class, and the pairs that are confused most, from the confusion matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.ranking import average_precision, roc_area
from tellapart.evaluate.record import ClassScore, ConfusedPair

PAIRS = 10

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Is how well the classes are ranked.

    Attributes:
        areas: By class, the area under the ROC curve; `None` where all samples or none are
            of the class.
        precisions: By class, the area under the precision–recall curve, or `None`.
        shares: `(n,)`: what each sample contributes to the error of the mean ROC area.
    """

    areas: tuple[float | None, ...]
    precisions: tuple[float | None, ...]
    shares: NDArray[np.float64]

    @property
    def mean(self) -> float | None:
        """Return the mean ROC area, or `None` where no class has one."""
        known = [area for area in self.areas if area is not None]
        return float(np.mean(known)) if known else None


def rank_classes(targets: NDArray[np.int64], probabilities: Floats) -> Ranking:
    """Return how well each class is ranked before all others by its own probability.

    Args:
        targets: `(n,)`: the true classes' numbers.
        probabilities: `(n, classes)`.

    Example:
        >>> rank_classes(np.array([0, 1]), np.eye(2)).mean
        1.0
    """
    areas: list[float | None] = []
    precisions: list[float | None] = []
    shares: NDArray[np.float64] = np.zeros(len(targets))
    for number, scores in enumerate(probabilities.T):
        positive = targets == number
        if not 0 < positive.sum() < len(targets):
            areas.append(None)
            precisions.append(None)
            continue
        area, share = roc_area(positive, scores)
        shares += share
        areas.append(area)
        precisions.append(average_precision(positive, scores))
    known = sum(area is not None for area in areas)
    return Ranking(tuple(areas), tuple(precisions), shares / max(known, 1))


def class_scores(
    confusion: NDArray[np.int64], ranking: Ranking, class_names: Sequence[str]
) -> tuple[ClassScore, ...]:
    """Return the scores of each class, in class order.

    Args:
        confusion: `(classes, classes)`: rows are true classes, columns predicted ones.
        ranking: Of the same samples.
        class_names: The classes.
    """
    supports, taken = confusion.sum(axis=1).tolist(), confusion.sum(axis=0).tolist()
    right = np.diag(confusion).tolist()
    scores = []
    for number, name in enumerate(class_names):
        precision = _proportion(right[number], taken[number])
        recall = _proportion(right[number], supports[number])
        f1 = f1_interval(right[number], taken[number], supports[number])
        scores.append(
            ClassScore(
                name=name,
                precision=precision.value if precision else None,
                recall=recall.value if recall else None,
                f1=f1.value if f1 else None,
                support=supports[number],
                precision_interval=precision,
                recall_interval=recall,
                f1_interval=f1,
                roc_area=ranking.areas[number],
                average_precision=ranking.precisions[number],
            )
        )
    return tuple(scores)


def f1_interval(right: int, taken: int, support: int) -> Interval | None:
    """Return F1 with its 95% interval, or `None` where no sample is or is taken for the class.

    Among the samples that are of the class or taken for it, the share J of right ones is a
    proportion, with a Wilson interval; F1 is 2J / (1 + J), which grows with J.

    Args:
        right: How many samples of the class were taken for it.
        taken: How many samples were taken for it.
        support: How many are of it.

    Example:
        >>> f1_interval(6, 8, 10).value.__round__(3)
        0.667
    """
    share = _proportion(right, taken + support - right)
    if share is None:
        return None
    value, low, high = (2 * j / (1 + j) for j in (share.value, share.low, share.high))
    return Interval(value=value, low=min(low, value), high=max(high, value))


def confused_pairs(
    confusion: NDArray[np.int64], class_names: Sequence[str]
) -> tuple[ConfusedPair, ...]:
    """Return the cells off the diagonal with the highest counts, worst first."""
    totals = confusion.sum(axis=1)
    cells = [
        (int(confusion[i, j]), int(i), int(j))
        for i, j in zip(*np.nonzero(confusion), strict=True)
        if i != j
    ]
    worst = sorted(cells, key=lambda cell: (-cell[0], cell[1], cell[2]))[:PAIRS]
    return tuple(
        ConfusedPair(
            target=class_names[i],
            predicted=class_names[j],
            count=count,
            share=count / int(totals[i]),
        )
        for count, i, j in worst
    )


def _proportion(right: int, count: int) -> Interval | None:
    return wilson_interval(right, count) if count else None
