"""Curves and areas: those of scikit-learn, thinned without losing their shape."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from tellapart.evaluate.classes import rank_classes
from tellapart.evaluate.ranking import MOST_CURVES, MOST_POINTS, class_curves, roc_area, thin

seeds = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=25)
@given(seeds, st.booleans())
def test_areas_are_those_of_scikit_learn(seed: int, with_ties: bool) -> None:
    generator = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(3), generator.integers(0, 3, 40)])
    rows = generator.dirichlet(np.ones(3), len(targets))
    rows = rows.round(1) if with_ties else rows
    found = rank_classes(targets, rows)
    for number in range(3):
        positive = targets == number
        assert found.areas[number] == pytest.approx(roc_auc_score(positive, rows[:, number]))
        assert found.precisions[number] == pytest.approx(
            average_precision_score(positive, rows[:, number])
        )
    assert found.shares.sum() == pytest.approx(0, abs=1e-9)


def test_the_shares_foretell_the_area_of_other_draws() -> None:
    generator = np.random.default_rng(0)
    positive = np.arange(2000) % 2 == 0
    scores = generator.normal(size=2000) + positive
    area, shares = roc_area(positive, scores)
    drawn = generator.integers(0, 2000, 2000)
    exact = roc_auc_score(positive[drawn], scores[drawn])
    assert abs(exact - area) > 0.001
    assert area + shares[drawn].mean() == pytest.approx(exact, abs=0.0005)


def test_a_class_without_samples_has_no_area_and_no_curve() -> None:
    targets, rows = np.array([0, 1, 0]), np.full((3, 3), 1 / 3)
    assert rank_classes(targets, rows).areas[2] is None
    assert [one.name for one in class_curves(targets, rows, ["a", "b", "c"])] == ["a", "b"]


def test_with_very_many_classes_no_curve_is_kept() -> None:
    names = [f"class {number}" for number in range(MOST_CURVES + 1)]
    assert class_curves(np.arange(len(names)), np.eye(len(names)), names) == ()


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 5000))
def test_a_thinned_curve_keeps_its_ends_its_order_and_its_area(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    x, y = np.sort(generator.random(count)), np.sort(generator.random(count))
    curve = thin(x, y)
    assert len(curve.x) == len(curve.y) <= MOST_POINTS
    assert list(curve.x) == sorted(curve.x)
    assert (curve.x[0], curve.x[-1]) == pytest.approx((x[0], x[-1]), abs=1e-5)
    assert np.trapezoid(curve.y, curve.x) == pytest.approx(np.trapezoid(y, x), abs=0.02)
