"""Whether more pictures would help, told from scores at several sizes."""

import numpy as np
import pytest

from tellapart.errors import UsageError
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.learning import fit_learning_curve
from tellapart.evaluate.parts import Interval

SIZES = [7500, 15000, 30000, 60000]


def law(floor: float, scale: float, exponent: float, count: int = 10_000) -> list[Interval]:
    errors = floor + scale * np.array(SIZES, np.float64) ** -exponent
    return [wilson_interval(round(count * (1 - error)), count) for error in errors.tolist()]


@pytest.mark.parametrize(
    ("floor", "scale", "exponent"), [(0.02, 5.0, 0.4), (0.0, 3.0, 0.3), (0.05, 40.0, 0.6)]
)
def test_a_law_foretells_its_next_point(floor: float, scale: float, exponent: float) -> None:
    found = fit_learning_curve(SIZES, law(floor, scale, exponent))
    truth = 1 - floor - scale * 120_000.0**-exponent
    assert found.doubled == pytest.approx(truth, abs=0.003)


def test_a_curve_that_still_rises_says_that_more_pictures_would_help() -> None:
    found = fit_learning_curve(SIZES, law(0.0, 3.0, 0.3))
    assert found.conclusion.endswith("as far as 4 points can tell: more pictures would help.")


def test_a_gain_within_the_noise_is_called_so() -> None:
    found = fit_learning_curve(SIZES, law(0.0, 3.0, 0.3, count=300))
    assert "within the noise of this test" in found.conclusion


def test_a_curve_that_is_flat_says_that_more_pictures_would_hardly_help() -> None:
    found = fit_learning_curve(SIZES, law(0.08, 400.0, 1.1))
    assert found.conclusion.endswith("more pictures alone would hardly help.")


def test_where_the_largest_size_is_no_better_nothing_is_foretold() -> None:
    scores = [wilson_interval(right, 1000) for right in (700, 800, 799)]
    found = fit_learning_curve(SIZES[:3], scores)
    assert found.doubled is None
    assert "did not help" in found.conclusion


@pytest.mark.parametrize("sizes", [[10, 20], [10, 20, 20], [30, 20, 10], [0, 1, 2], [1, 2, 3, 4]])
def test_what_is_no_curve_is_refused(sizes: list[int]) -> None:
    scores = [wilson_interval(5, 10)] * (2 if len(sizes) == 2 else 3)
    with pytest.raises(UsageError, match="at least three rising sizes"):
        fit_learning_curve(sizes, scores)
