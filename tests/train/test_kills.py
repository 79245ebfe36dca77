"""A training that is killed without warning, and gone on with, ends as an undisturbed one."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tellapart.data.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parent))
from kill import Ended, Plan, train_and_kill, train_whole, write_slice

pytestmark = pytest.mark.slow

PLANS = {
    ("tensorflow", "guide"): [Plan("tensorflow", seed=seed) for seed in (0, 1)],
    ("jax", "guide"): [Plan("jax", seed=seed) for seed in (0, 1)],
    ("tensorflow", "everything"): [Plan("tensorflow", "everything", after=3.0, life=12.0)],
    ("jax", "everything"): [Plan("jax", "everything", after=3.0, life=12.0)],
}


@pytest.fixture(scope="module")
def data(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 6,000 real images to train on and 500 to test on."""
    return write_slice(fashion, tmp_path_factory.mktemp("data") / "slice.npz")


@pytest.mark.parametrize(("backend", "recipe"), PLANS)
def test_a_run_killed_again_and_again_ends_with_the_same_weights_and_history(
    backend: str, recipe: str, data: Path, tmp_path: Path
) -> None:
    expected = train_whole(data, tmp_path / "undisturbed", backend, recipe)
    for plan in PLANS[backend, recipe]:
        ended = train_and_kill(data, tmp_path / f"disturbed-{plan.seed}", plan)
        assert ended.kills == plan.kills or (plan.life and ended.kills)  # it may end before
        assert ended.lost == 0
        _assert_the_same(ended, expected)


def _assert_the_same(ended: Ended, expected: Ended) -> None:
    assert ended.history == expected.history
    assert ended.weights.keys() == expected.weights.keys()
    for name, weights in expected.weights.items():
        np.testing.assert_array_equal(ended.weights[name], weights)
    assert ended.has_weights_of(expected)
