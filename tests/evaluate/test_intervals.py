"""The Wilson interval: contains its estimate, shrinks with more samples, agrees with the paper."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.evaluate.intervals import wilson_interval

outcomes = st.integers(1, 100_000).flatmap(
    lambda count: st.tuples(st.integers(0, count), st.just(count))
)


@settings(deadline=None)
@given(outcomes)
def test_the_interval_contains_its_estimate_and_stays_within_0_and_1(
    outcome: tuple[int, int],
) -> None:
    right, count = outcome
    found = wilson_interval(right, count)
    assert found.value == right / count
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


@settings(deadline=None)
@given(outcomes, st.integers(2, 50))
def test_more_samples_of_the_same_share_shrink_the_interval(
    outcome: tuple[int, int], times: int
) -> None:
    right, count = outcome
    few, many = wilson_interval(right, count), wilson_interval(times * right, times * count)
    assert many.high - many.low < few.high - few.low


@settings(deadline=None)
@given(outcomes)
def test_the_interval_of_wrong_answers_mirrors_that_of_right_ones(outcome: tuple[int, int]) -> None:
    right, count = outcome
    found, mirrored = wilson_interval(right, count), wilson_interval(count - right, count)
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-9)
    assert found.high == pytest.approx(1 - mirrored.low, abs=1e-9)


@settings(deadline=None)
@given(outcomes)
def test_the_interval_is_the_one_of_wilsons_formula(outcome: tuple[int, int]) -> None:
    right, count = outcome
    z, share = 1.959963984540054, right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    spread = math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    half = z / (1 + z * z / count) * spread
    found = wilson_interval(right, count)
    assert found.low == pytest.approx(middle - half, abs=1e-9)
    assert found.high == pytest.approx(middle + half, abs=1e-9)


@pytest.mark.parametrize(("right", "count"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_proportion_is_refused(right: int, count: int) -> None:
    with pytest.raises(ValueError, match="must"):
        wilson_interval(right, count)
