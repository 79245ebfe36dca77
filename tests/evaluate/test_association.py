"""Cramér's V is strong where one property tells the other, and silent about noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import association

from tellapart.evaluate.association import measure_association


def test_without_rare_values_it_nears_scipys_as_the_bias_shrinks() -> None:
    table = np.array([[3000, 1000, 500], [1200, 2500, 700]])
    found = measure_association(table)
    assert found.strength == pytest.approx(association(table, method="cramer"), abs=1e-3)
    assert found.p_value < 1e-12


def test_many_values_by_chance_look_associated_only_without_the_correction() -> None:
    generator = np.random.default_rng(0)
    plain, corrected, significant = [], [], 0
    for _ in range(200):
        table = generator.multinomial(300, np.full(20, 0.05), size=2)
        found = measure_association(table)
        plain.append(association(table, method="cramer"))
        corrected.append(found.strength)
        significant += found.p_value < 0.05
    assert np.mean(plain) > 0.15
    assert np.mean(corrected) < 0.06
    assert 1 <= significant <= 22  # 5% of 200, and what chance adds


def test_values_that_each_occur_once_say_nothing() -> None:
    table = np.eye(2, dtype=np.int64).repeat(40, axis=1)
    assert measure_association(table) == (0.0, 1.0)


def test_one_value_against_many_rare_ones_is_strong() -> None:
    table = np.zeros((2, 41), np.int64)
    table[0, 0], table[1, 1:] = 40, 1
    assert measure_association(table).strength > 0.95


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 60)] * 3),
        min_size=1,
        max_size=8,
    )
)
def test_strength_and_p_value_are_shares_whatever_the_order(columns: list[tuple[int, ...]]) -> None:
    table = np.array(columns).T
    found = measure_association(table)
    assert 0 <= found.strength <= 1
    assert 0 <= found.p_value <= 1
    again = measure_association(table[::-1, ::-1])
    assert again == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("table", [np.ones((1, 4), np.int64), np.array([[1, -1], [2, 3]])])
def test_what_is_no_table_of_counts_is_refused(table: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Counts must be"):
        measure_association(table)
