"""A training that is killed without warning, and gone on with, ends as an undisturbed one."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tellapart.data.dataset import Dataset

sys.path.insert(0, str(Path(__file__).parent))
from kill import Ended, train_and_kill, train_whole, write_slice

pytestmark = pytest.mark.slow

KILLS = 3


@pytest.fixture(scope="module")
def data(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 6,000 real images to train on and 500 to test on."""
    return write_slice(fashion, tmp_path_factory.mktemp("data") / "slice.npz")


@pytest.fixture(scope="module", params=["tensorflow", "jax"])
def undisturbed(
    request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Ended]:
    """Return a backend, and what the training on it comes to when it is left alone."""
    output = tmp_path_factory.mktemp("undisturbed")
    return request.param, train_whole(data, output, request.param)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_run_killed_again_and_again_ends_with_the_same_weights_and_history(
    seed: int, data: Path, undisturbed: tuple[str, Ended], tmp_path: Path
) -> None:
    backend, expected = undisturbed
    ended = train_and_kill(data, tmp_path, backend, seed, KILLS)
    assert (ended.kills, ended.lost) == (KILLS, 0)
    assert ended.history == expected.history
    assert ended.weights.keys() == expected.weights.keys()
    for name, weights in expected.weights.items():
        np.testing.assert_array_equal(ended.weights[name], weights)
    assert ended.has_weights_of(expected)
