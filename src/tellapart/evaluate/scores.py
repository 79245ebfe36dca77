"""From probabilities to the record of all scores: arrays in, one record out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from tellapart.errors import DataError
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.record import ClassScore, ConfusedPair, Evaluation

PAIRS = 10


def evaluate_probabilities(
    targets: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    class_names: Sequence[str],
    *,
    data: str = "data",
    split: str = "test",
    note: str = "",
) -> Evaluation:
    """Return all scores of some answers.

    Args:
        targets: `(n,)`: the true classes' numbers.
        probabilities: `(n, classes)`: rows that sum to 1.
        class_names: The classes, in the order of the columns.
        data: The data set's name.
        split: Which part of it.
        note: What must be known to believe the scores.

    Raises:
        DataError: There is nothing to score, or shapes or values do not fit.

    Example:
        >>> found = evaluate_probabilities(np.array([0, 1]), np.eye(2), ["cat", "dog"])
        >>> found.accuracy.value
        1.0
    """
    _check(targets, probabilities, len(class_names))
    predicted = probabilities.argmax(axis=1)
    numbers = np.arange(len(class_names))
    confusion = confusion_matrix(targets, predicted, labels=numbers)
    safe = np.clip(probabilities.astype(np.float64), 1e-7, 1.0)
    return Evaluation(
        data=data,
        split=split,
        samples=len(targets),
        loss=float(log_loss(targets, safe / safe.sum(axis=1, keepdims=True), labels=numbers)),
        accuracy=wilson_interval(int(np.trace(confusion)), len(targets)),
        classes=_class_scores(targets, predicted, class_names),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
        confused=_confused_pairs(confusion, class_names),
        note=note,
    )


def _check(targets: NDArray[np.int64], probabilities: NDArray[np.floating], classes: int) -> None:
    if probabilities.shape != (len(targets), classes) or not len(targets):
        raise DataError(
            f"Probabilities must be ({len(targets)}, {classes}), for at least one sample. "
            f"Received: {probabilities.shape}."
        )
    if targets.min() < 0 or targets.max() >= classes:
        raise DataError(
            f"Targets must be from 0 to {classes - 1}. Received: {targets.min()} to "
            f"{targets.max()}."
        )
    if not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3) or probabilities.min() < 0:
        raise DataError("Probabilities must be at least 0, and each row must sum to 1.")


def _class_scores(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], class_names: Sequence[str]
) -> tuple[ClassScore, ...]:
    numbers = np.arange(len(class_names))
    columns = precision_recall_fscore_support(
        targets, predicted, labels=numbers, zero_division=np.nan
    )
    return tuple(
        ClassScore(
            name=name,
            precision=_number(precision),
            recall=_number(recall),
            f1=_number(f1),
            support=int(support),
        )
        for name, precision, recall, f1, support in zip(class_names, *columns, strict=True)
    )


def _number(value: float) -> float | None:
    """Return a score, or `None` where it has no meaning."""
    return None if np.isnan(value) else float(value)


def _confused_pairs(
    confusion: NDArray[np.int64], class_names: Sequence[str]
) -> tuple[ConfusedPair, ...]:
    """Return the cells off the diagonal with the highest counts."""
    totals = confusion.sum(axis=1)
    cells = [
        (int(confusion[i, j]), i, j)
        for i in range(len(class_names))
        for j in range(len(class_names))
        if i != j and confusion[i, j]
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
