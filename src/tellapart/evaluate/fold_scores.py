"""The scores of a cross-validation: each fold's, and those of all samples together."""

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import DataError
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.record import FoldScore, FoldScores


def score_folds(right: NDArray[np.bool_], fold: NDArray[np.int64]) -> FoldScores:
    """Return the accuracies of a cross-validation.

    The standard deviation over the folds shows how much the accuracy varies with the data
    that are trained and tested on. It is no standard error of the mean: the networks share
    most of their training samples, and no estimate from the folds of one cross-validation
    is free of bias (Y. Bengio and Y. Grandvalet, "No unbiased estimator of the variance of
    K-fold cross-validation", Journal of Machine Learning Research 5, 2004). The Wilson
    interval of the pooled accuracy takes the samples as independent.

    Args:
        right: `(n,)`: which samples are answered rightly.
        fold: `(n,)`: the number of each sample's fold.

    Raises:
        DataError: Fewer than two folds, or not one number for each sample.

    Example:
        >>> found = score_folds(np.array([True, True, True, False]), np.array([1, 1, 2, 2]))
        >>> found.pooled.value, found.mean, round(found.standard_deviation, 4)
        (0.75, 0.75, 0.3536)
    """
    numbers = np.unique(fold)
    if right.shape != fold.shape or right.ndim != 1 or len(numbers) < 2:
        raise DataError(
            "A cross-validation must have at least two folds, and each sample one of them. "
            f"Received: {right.shape} answers, {fold.shape} numbers of {len(numbers)} folds."
        )
    scores = tuple(_score_one(int(number), right[fold == number]) for number in numbers)
    values = np.array([score.accuracy.value for score in scores])
    return FoldScores(
        folds=scores,
        pooled=wilson_interval(int(right.sum()), len(right)),
        mean=float(values.mean()),
        standard_deviation=float(values.std(ddof=1)),
    )


def _score_one(number: int, right: NDArray[np.bool_]) -> FoldScore:
    accuracy = wilson_interval(int(right.sum()), len(right))
    return FoldScore(number=number, samples=len(right), accuracy=accuracy)
