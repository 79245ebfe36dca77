"""Two classifiers on the same samples: known values, simulation, and what must always hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from tellapart.errors import DataError
from tellapart.evaluate.paired import (
    FEW,
    compare_paired,
    conclude,
    mcnemar_test,
    newcombe_interval,
)
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.record import PairedComparison

counts = st.integers(0, 2000)
tables = st.tuples(counts, counts, counts, counts).filter(lambda table: sum(table) > 0)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p_value"),
    [(121, 59, 3.815136e-06), (70, 59, 0.3327967), (80, 59, 0.07488031)],
)
def test_many_samples_get_the_p_values_that_statsmodels_gives(
    only_a: int, only_b: int, p_value: float
) -> None:
    """They are those of its own tests, for `mcnemar(…, exact=False, correction=False)`."""
    assert mcnemar_test(only_a, only_b) == pytest.approx(p_value, rel=1e-6)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (3, 9), (12, 12), (0, FEW - 1)])
def test_few_samples_are_tested_by_counting_coins(only_a: int, only_b: int) -> None:
    coins, most = only_a + only_b, max(only_a, only_b)
    tail = sum(math.comb(coins, heads) for heads in range(most, coins + 1)) / 2**coins
    assert mcnemar_test(only_a, only_b) == pytest.approx(min(1.0, 2 * tail))


def test_the_two_ways_to_test_agree_where_one_follows_the_other() -> None:
    for only_a in range(FEW + 1):
        exact = float(binomtest(only_a, FEW).pvalue)
        assert -1e-3 < exact - mcnemar_test(only_a, FEW - only_a) < 0.17


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ((1, 1, 7, 12), 0.0256, 0.5069),
        ((59, 6, 16, 80), 0.0046, 0.1186),
        ((36, 12, 2, 0), -0.3404, -0.0569),
    ],
    ids=["Bentur 2009", "Cavo 2012", "Newcombe 1998"],
)
def test_the_interval_is_the_published_one(
    table: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = newcombe_interval(*table)
    assert [found.low, found.high] == pytest.approx([low, high], abs=6e-5)


@settings(deadline=None)
@given(tables)
def test_the_interval_contains_the_difference_and_turns_with_the_two(
    table: tuple[int, int, int, int],
) -> None:
    both, only_a, only_b, neither = table
    found = newcombe_interval(both, only_a, only_b, neither)
    turned = newcombe_interval(both, only_b, only_a, neither)
    assert found.value == (only_b - only_a) / sum(table)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(-turned.high, abs=1e-9)
    assert found.high == pytest.approx(-turned.low, abs=1e-9)
    assert mcnemar_test(only_a, only_b) == pytest.approx(mcnemar_test(only_b, only_a))
    assert 0 <= mcnemar_test(only_a, only_b) <= 1


def test_in_simulations_the_interval_holds_the_truth_and_the_test_errs_as_often_as_it_says() -> (
    None
):
    shares, repeats = np.array([0.86, 0.05, 0.05, 0.04]), 1500
    draws = np.random.default_rng(0).multinomial(500, shares, size=repeats).tolist()
    intervals = [newcombe_interval(*draw) for draw in draws]
    held = np.mean([one.low <= 0 <= one.high for one in intervals])
    erred = np.mean([mcnemar_test(draw[1], draw[2]) < 0.05 for draw in draws])
    assert 0.93 <= held <= 0.985
    assert 0.03 <= erred <= 0.065


def test_in_simulations_a_real_difference_is_held_too() -> None:
    shares = np.array([0.80, 0.04, 0.10, 0.06])
    draws = np.random.default_rng(1).multinomial(300, shares, size=1500).tolist()
    held = [(one := newcombe_interval(*draw)).low <= 0.06 <= one.high for draw in draws]
    assert 0.93 <= np.mean(held) <= 0.98


def test_the_four_cells_are_counted_from_the_answers() -> None:
    a = np.array([True, True, True, False, False, False, False])
    b = np.array([True, False, False, True, True, True, False])
    found = compare_paired(a, b)
    assert (found.both, found.only_a, found.only_b, found.neither) == (1, 2, 3, 1)
    assert (found.samples, found.p_value) == (7, 1.0)
    assert found.difference.value == pytest.approx(1 / 7)


@pytest.mark.parametrize(("a", "b"), [(3, 2), (0, 0)])
def test_answers_about_other_samples_are_refused(a: int, b: int) -> None:
    with pytest.raises(DataError, match="on the same samples, at least one"):
        compare_paired(np.ones(a, np.bool_), np.ones(b, np.bool_))


@pytest.mark.parametrize("table", [(0, -1, 0, 3), (0, 0, 0, 0)])
def test_what_is_no_table_is_refused(table: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        newcombe_interval(*table)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0. Received: -1 and 2"):
        mcnemar_test(-1, 2)


def _compared(only_a: int, only_b: int) -> PairedComparison:
    a = np.repeat([True, True, False, False], [9000, only_a, only_b, 500])
    b = np.repeat([True, False, True, False], [9000, only_a, only_b, 500])
    return compare_paired(a, b)


def test_a_clear_difference_is_told_as_more_than_noise() -> None:
    assert conclude(_compared(100, 160)).startswith("B is 0.61 points better (95% interval 0.29 to")
    assert conclude(_compared(100, 160)).endswith("McNemar p < 0.001): more than noise.")


def test_a_worse_one_is_told_with_its_interval_turned_round() -> None:
    better, worse = conclude(_compared(100, 160)), conclude(_compared(160, 100))
    assert worse == better.replace("better", "worse")


def test_a_small_difference_is_told_as_noise() -> None:
    said = conclude(_compared(101, 110))
    assert said.startswith("No difference beyond noise: B is 0.09 points better (95% interval -0.2")
    assert said.endswith("McNemar p = 0.54).")


def test_the_same_right_answers_are_no_difference() -> None:
    assert conclude(_compared(0, 0)) == "No difference: A and B have the same test images right."


def test_the_record_names_b_less_a() -> None:
    found = _compared(0, 12)
    assert found.difference.value > 0
    assert isinstance(found.difference, Interval)
    assert found.p_value == pytest.approx(2 / 2**12)
