"""Risk and coverage: by hand, and with ties that nothing decides."""

import numpy as np
import pytest

from tellapart.evaluate.ranking import MOST_POINTS
from tellapart.evaluate.selective import risk_coverage


def test_the_surest_are_answered_first() -> None:
    found = risk_coverage(np.array([0.6, 0.9, 0.7, 0.8]), np.array([False, True, True, False]))
    assert found.curve.x == (0.25, 0.5, 0.75, 1.0)
    assert found.curve.y == pytest.approx((0, 1 / 2, 1 / 3, 1 / 2), abs=1e-5)
    assert found.area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)


def test_the_last_point_is_the_error_of_all() -> None:
    generator = np.random.default_rng(0)
    right = generator.random(5000) < 0.8
    found = risk_coverage(generator.random(5000), right)
    assert found.curve.y[-1] == pytest.approx(1 - right.mean(), abs=1e-5)
    assert len(found.curve.x) <= MOST_POINTS


def test_sureness_that_tells_nothing_gains_nothing_whatever_the_order() -> None:
    right = np.arange(100) < 80
    for answers in (right, right[::-1]):
        found = risk_coverage(np.full(100, 0.9), answers)
        assert found.area == pytest.approx(0.2)


def test_a_better_order_has_a_smaller_area() -> None:
    right = np.arange(100) < 80
    sure = np.linspace(1, 0, 100)
    assert risk_coverage(sure, right).area < 0.03 < risk_coverage(1 - sure, right).area
