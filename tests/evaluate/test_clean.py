"""The score without test images that leak stands beside the score on all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.errors import DataError
from tellapart.evaluate.clean import leaking_samples, score_clean
from tellapart.evaluate.intervals import wilson_interval

flags = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(flags)
def test_clean_and_leaking_samples_are_all_samples(pairs: list[tuple[bool, bool]]) -> None:
    right, leaks = (np.array(column) for column in zip(*pairs, strict=True))
    found = score_clean(right, leaks)
    counted = 0.0
    for score, chosen in ((found.clean, ~leaks), (found.leaked, leaks)):
        assert (score is None) == (not chosen.any())
        if score is not None:
            assert score == wilson_interval(int(right[chosen].sum()), int(chosen.sum()))
            counted += score.value * int(chosen.sum())
    assert counted == pytest.approx(found.accuracy.value * len(right))
    assert found.leaking == int(leaks.sum())


def test_a_classifier_that_knows_its_copies_by_heart_is_told() -> None:
    leaks = np.arange(100) < 40
    right = leaks | (np.arange(100) % 2 == 0)
    found = score_clean(right, leaks)
    assert found.accuracy.value == 0.7
    assert found.clean is not None
    assert found.clean.value == 0.5
    assert "in training: 40. Without them, on 60 images: accuracy 50.00%" in str(found)


def test_where_all_leak_nothing_is_left_to_score() -> None:
    found = score_clean(np.array([True]), np.array([True]))
    assert found.clean is None
    assert "Nothing is left" in str(found)


def test_clusters_and_groups_both_leak_and_no_group_is_none() -> None:
    train, test = np.array([3, 4, 5]), np.array([5, 6, 7, 8])
    assert leaking_samples(train, test).tolist() == [True, False, False, False]
    found = leaking_samples(train, test, ("ann", "", "bob"), ("", "bob", "", "eve"))
    assert found.tolist() == [True, True, False, False]
    assert leaking_samples(train, test, None, ("ann",) * 4).tolist() == [True, False, False, False]


def test_answers_and_groups_of_another_number_are_refused() -> None:
    with pytest.raises(DataError, match="same samples"):
        score_clean(np.array([True]), np.array([True, False]))
    with pytest.raises(DataError, match="same samples"):
        score_clean(np.zeros(0, np.bool_), np.zeros(0, np.bool_))
    with pytest.raises(DataError, match="one group"):
        leaking_samples(np.array([1]), np.array([1]), ("a", "b"), ("a",))
