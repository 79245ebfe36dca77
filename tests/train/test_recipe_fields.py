"""What the fields of a recipe do to a training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.data.prepare import Part
from tellapart.errors import MemoryExceededError
from tellapart.train.balance import balance
from tellapart.train.checkpoints import Position, checkpoint_path, load_checkpoint
from tellapart.train.endings import Pace, divergence_in_validation, telling_of_memory
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run


def _train(data: Dataset, output: Path, **settings: Any) -> Run:
    changes = {key.replace("__", "."): value for key, value in settings.items()}
    return tellapart.train(data, "guide-holdout", settings=changes, output=output, quiet=True)


@pytest.mark.parametrize(
    ("name", "rate"), [("adamw", 0.001), ("muon", 0.005), ("rmsprop", 0.001), ("sgd", 0.05)]
)
def test_every_optimiser_learns_under_a_schedule_with_decay_clipping_and_smoothing(
    name: str, rate: float, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    run = _train(
        slice_of_fashion,
        tmp_path,
        fit__epochs=2,
        fit__label_smoothing=0.05,
        optimizer__name=name,
        optimizer__learning_rate=rate,
        optimizer__momentum=0.9,
        optimizer__schedule="one-cycle",
        optimizer__warmup=0.2,
        optimizer__weight_decay=0.001,
        optimizer__clip_norm=1.0,
    )
    assert run.history["loss"][1] < run.history["loss"][0]
    assert run.history["learning_rate"][1] < run.history["learning_rate"][0] <= rate


def test_averaged_weights_are_the_ones_that_are_scored_and_kept(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    run = _train(slice_of_fashion, tmp_path, fit__epochs=2, fit__keep="last", optimizer__ema=0.9)
    folder = RunFolder(run.path)
    saved = load_checkpoint(checkpoint_path(folder.checkpoints, Position(2)))
    kept = run.model.network.get_weights()
    own = [saved.tensors[f"network/{number:05d}"] for number in range(len(kept))]
    assert not any(np.array_equal(a, b) for a, b in zip(kept, own, strict=True))
    averages = [a for key, a in saved.tensors.items() if key.startswith("optimizer/")]
    assert all(any(np.array_equal(a, w) for a in averages) for w in kept)


def test_patience_ends_a_training_that_no_longer_gets_better(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    run = _train(
        slice_of_fashion,
        tmp_path,
        fit__epochs=40,
        fit__patience=1,
        optimizer__learning_rate=0.01,
    )
    assert len(run.history) < 40
    assert run.history.best().epoch == len(run.history) - 1
    over = f"Over after epoch {len(run.history)}: the 1 after epoch {len(run.history) - 1} were no"
    assert over in RunFolder(run.path).log_path.read_text("utf-8")


def test_a_decay_that_is_too_large_is_named_and_not_the_learning_rate() -> None:
    pace = Pace(0.001, 0.001, is_own=False, decay=1e30)
    said = str(divergence_in_validation(Position(0, 0), pace))
    assert "`optimizer.weight_decay` must be lower. Received: 1e+30" in said
    assert "--set optimizer.weight_decay=0.01" in said


def test_balanced_weights_give_every_class_the_same_sum() -> None:
    targets = np.repeat([0, 1, 3], [10, 30, 60])
    weights = balance(Part(np.zeros((100, 1, 1, 1), np.uint8), targets))
    sums = [weights[targets == number].sum() for number in (0, 1, 3)]
    np.testing.assert_allclose(sums, 100 / 3, rtol=1e-5)


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes")]
)
def test_a_lack_of_memory_names_the_batch_size_and_a_smaller_one(
    error: Exception, run: Run
) -> None:
    with (
        pytest.raises(MemoryExceededError, match=r"Received: 32\. Fix: .*--batch-size 16"),
        telling_of_memory(run.recipe, RunFolder(run.path)),
    ):
        raise error


def test_other_errors_pass_as_they_are(run: Run) -> None:
    with (
        pytest.raises(RuntimeError, match="something else"),
        telling_of_memory(run.recipe, RunFolder(run.path)),
    ):
        raise RuntimeError("something else")
