"""The scores of a cross-validation, against NumPy."""

import numpy as np
import pytest

from tellapart.errors import DataError
from tellapart.evaluate.fold_scores import score_folds
from tellapart.evaluate.intervals import wilson_interval


def test_folds_pool_mean_and_deviation_are_what_numpy_says() -> None:
    random = np.random.default_rng(0)
    fold = random.integers(1, 6, 300)
    right = random.random(300) < 0.1 * fold
    found = score_folds(right, fold)
    means = [right[fold == number].mean() for number in range(1, 6)]
    assert [score.accuracy.value for score in found.folds] == pytest.approx(means)
    assert [score.samples for score in found.folds] == np.bincount(fold)[1:].tolist()
    assert found.pooled == wilson_interval(int(right.sum()), 300)
    assert found.mean == pytest.approx(np.mean(means))
    assert found.standard_deviation == pytest.approx(np.std(means, ddof=1))


def test_unequal_folds_tell_the_mean_from_the_pool() -> None:
    found = score_folds(np.array([True, False, False, False]), np.array([1, 2, 2, 2]))
    assert (found.pooled.value, found.mean) == (0.25, 0.5)


@pytest.mark.parametrize("fold", [[1, 1], [1, 2, 3]])
def test_one_fold_or_other_numbers_than_answers_are_refused(fold: list[int]) -> None:
    with pytest.raises(DataError, match="at least two folds"):
        score_folds(np.array([True, False]), np.array(fold))
