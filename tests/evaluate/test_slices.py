"""Slices that are answered worse: found where they were planted, and hardly ever elsewhere."""

import numpy as np
import pytest

from tellapart.evaluate.correction import holm
from tellapart.evaluate.slices import LEAST, find_slices

FACTS = ("brightness", "contrast", "sharpness", "size", "aspect")


def test_where_nothing_is_there_one_search_in_twenty_at_most_finds_anything() -> None:
    generator, alarms = np.random.default_rng(0), 0
    for _ in range(1000):
        facts = {name: generator.random(600) for name in FACTS}
        alarms += bool(find_slices(generator.random(600) < 0.9, facts).found)
    assert alarms / 1000 <= 0.05


def test_a_planted_slice_is_found_and_named_with_its_ends() -> None:
    generator = np.random.default_rng(1)
    facts = {name: generator.random(2000) for name in FACTS}
    dark = facts["brightness"] < 0.2
    right = generator.random(2000) < np.where(dark, 0.75, 0.92)
    search = find_slices(right, facts)
    first = search.found[0]
    assert search.tried == 25
    assert first.fact == "brightness"
    assert first.low < 0.01
    assert first.high == pytest.approx(0.2, abs=0.02)
    assert first.accuracy.high < first.rest.low
    assert first.p_value < 0.001


def test_a_slice_that_is_answered_better_is_no_finding() -> None:
    generator = np.random.default_rng(2)
    values = generator.random(1000)
    right = generator.random(1000) < np.where(values < 0.2, 1.0, 0.85)
    assert all(one.low > 0.2 for one in find_slices(right, {"size": values}).found)


def test_few_samples_are_cut_into_three_parts() -> None:
    assert find_slices(np.ones(120, bool), {"size": np.arange(120.0)}).tried == 3
    assert find_slices(np.ones(LEAST, bool), {"size": np.arange(float(LEAST))}).tried == 0


def test_a_fact_that_never_differs_gives_no_slice() -> None:
    assert find_slices(np.arange(900) % 2 == 0, {"size": np.full(900, 28.0)}).tried == 0
    assert find_slices(np.ones(9, bool), {}).tried == 0


def test_holms_correction_is_the_one_worked_out_by_hand() -> None:
    assert holm([0.01, 0.3, 0.02, 0.9]).tolist() == pytest.approx([0.04, 0.6, 0.06, 0.9])
    assert holm([0.5, 0.6]).tolist() == [1.0, 1.0]
