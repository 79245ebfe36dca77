"""The nearest vectors are found where the last number fits, and else the search is exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.data.nearest import find_nearest
from tellapart.progress import SILENCE


def search(vectors: np.ndarray, window: float) -> tuple[np.ndarray, np.ndarray]:
    with SILENCE.task("looking", len(vectors), "vectors") as task:
        return find_nearest(vectors, vectors, window, task)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_of_few_vectors_the_nearest_is_the_nearest_of_all(seed: int, count: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    places, apart = search(vectors, 0.0)
    squares = ((vectors[:, np.newaxis] - vectors) ** 2).sum(axis=2)
    np.fill_diagonal(squares, np.inf)
    assert places[:, 0].tolist() == squares.argmin(axis=1).tolist()
    assert apart[:, 0] == pytest.approx(squares.min(axis=1), abs=1e-4)


def test_of_many_only_those_within_the_window_are_candidates() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(6000, 8)).astype(np.float32)
    vectors[:, -1] *= 50
    places, apart = search(vectors, 3.0)
    known = np.isfinite(apart[:, 0])
    assert known.mean() > 0.99
    assert (places[:, 0] != np.arange(6000)).all()
    chosen = np.flatnonzero(known)[::50]
    near = np.abs(vectors[chosen, np.newaxis, -1] - vectors[:, -1]) < 3.0
    squares = ((vectors[chosen, np.newaxis] - vectors) ** 2).sum(axis=2)
    squares[np.arange(len(chosen)), chosen] = np.inf
    best = np.where(near, squares, np.inf).min(axis=1)
    assert (apart[chosen, 0] <= best + 1e-3 * (1 + best)).all()
