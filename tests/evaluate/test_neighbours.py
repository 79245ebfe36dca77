"""The nearest samples are those that a search of all pairs finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.errors import DataError
from tellapart.evaluate.neighbours import ROWS_AT_ONCE, find_neighbours


@given(st.integers(2, 60), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_they_are_the_nearest_others_of_the_same_space(n: int, count: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    features = generator.integers(0, 50, (n, 3)).astype(np.uint8)
    spaces = generator.integers(0, 2, n)
    queries = generator.integers(0, n, 4)
    found = find_neighbours(features, queries, count, spaces)
    wide = features.astype(np.int64)
    for query, row in zip(queries, found, strict=True):
        distances = ((wide - wide[query]) ** 2).sum(axis=1)
        allowed = (spaces == spaces[query]) & (np.arange(n) != query)
        expected = np.sort(distances[allowed])[:count]
        assert distances[row[row >= 0]].tolist() == expected.tolist()
        assert (row >= 0).sum() == min(count, allowed.sum())
        assert query not in row


def test_more_samples_than_one_portion_are_searched_to_the_last() -> None:
    features = np.random.default_rng(0).normal(size=(ROWS_AT_ONCE + 500, 2, 2))
    features[-1] = features[3] + 1e-3
    found = find_neighbours(features, np.array([3, len(features) - 1]), 3)
    assert found[0, 0] == len(features) - 1
    assert found[1, 0] == 3
    distances = ((features - features[3]) ** 2).sum(axis=(1, 2))
    assert found[0].tolist() == np.argsort(distances)[1:4].tolist()


def test_no_neighbour_of_nobody_is_refused() -> None:
    with pytest.raises(DataError, match="at least 1"):
        find_neighbours(np.zeros((3, 1)), np.array([0]), 0)
