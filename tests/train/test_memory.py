"""A step that does not fit into memory, in a real process with little of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder

sys.path.insert(0, str(Path(__file__).parent))
from kill import command, train_until_killed

pytestmark = pytest.mark.slow

MEGABYTES = 1600
"""Enough to compile and train with batches of 32 (about 1,000), not for 6,000 (about 3,000)."""


@pytest.fixture
def data(slice_of_fashion: Dataset, in_tmp: Path) -> Path:
    """Return a file of 6,000 images in the present folder."""
    train, test = slice_of_fashion.train, slice_of_fashion.test
    np.savez(
        in_tmp / "slice.npz",
        x_train=np.tile(train.decode(ImageSpec()).pixels, (6, 1, 1, 1)),
        y_train=np.tile(train.targets, 6),
        x_test=test.decode(ImageSpec()).pixels,
        y_test=test.targets,
    )
    return Path("slice.npz")


def with_little_memory(backend: str, *words: str) -> tuple[int, str]:
    """Return exit code and last line on stderr of `tellapart train` with little memory."""
    script = str(Path(__file__).with_name("small_memory.py"))
    done = subprocess.run(
        [sys.executable, script, str(MEGABYTES), "train", *words, "-q"],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
        check=False,
    )
    return done.returncode, done.stderr.strip().rpartition("\n")[2]


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_batch_that_is_too_large_is_named_with_a_fix_and_leaves_nothing(
    backend: str, data: Path
) -> None:
    words = [str(data), "--recipe", "fast", "--batch-size", "6000"]
    code, line = with_little_memory(backend, *words)
    assert line == (
        "error: A training step needs more memory than there is. `fit.batch_size` must be smaller. "
        "Received: 6000. Fix: the same again with --batch-size 3000"
    )
    assert code == 2
    assert not Path("runs").exists()


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_a_run_that_runs_out_of_memory_keeps_its_checkpoint_and_goes_on_with_smaller_batches(
    backend: str, data: Path
) -> None:
    run = RunFolder(Path("runs/slice-1"))
    words = command(data, Path("runs"))
    assert train_until_killed(words, run.path, backend, 0.0)
    kept = {path.name for path in run.checkpoints.glob("*.safetensors")}

    code, line = with_little_memory(backend, "--resume", str(run.path), "--batch-size", "6000")
    assert line.endswith(
        "Received: 6000. Fix: tellapart train --resume runs/slice-1 --batch-size 3000"
    )
    assert code == 2
    assert {path.name for path in run.checkpoints.glob("*.safetensors")} == kept

    code, _ = with_little_memory(backend, "--resume", str(run.path), "--batch-size", "32")
    assert code == 0
    assert run.history()["epoch"] == [1, 2]
    assert run.evaluation_path.is_file()


@pytest.mark.parametrize(("backend", "most"), [("tensorflow", 60), ("jax", 150)])
def test_many_trainings_in_one_process_take_no_more_memory_than_some(
    backend: str, most: int, slice_file: Path, tmp_path: Path
) -> None:
    """JAX compiles anew for each network, and keeps a few megabytes of each."""
    script = str(Path(__file__).with_name("many_trainings.py"))
    done = subprocess.run(
        [sys.executable, script, str(slice_file), str(tmp_path), "20"],
        capture_output=True,
        check=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    found = json.loads(done.stdout)
    # a little is kept for a while and given back, so single figures go up and down
    assert np.median(found[-5:]) < np.median(found[5:10]) + most
