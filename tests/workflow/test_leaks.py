"""Scoring on given splits that leak: the score of a clean split is stated beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tellapart
from tellapart.__main__ import main
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.errors import UsageError
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run


@pytest.fixture(scope="module")
def leaky(slice_of_fashion: Dataset) -> Dataset:
    """Return the slice with copies of 30 training images, ten of them mirrored, in its test."""
    train, test = slice_of_fashion.train, slice_of_fashion.test
    chosen = np.flatnonzero(train.targets != 5)[:30]
    copies = train.take(chosen).decode(ImageSpec()).pixels.copy()
    copies[:10] = copies[:10, :, ::-1]
    pixels = np.concatenate([test.decode(ImageSpec()).pixels, copies])
    targets = np.concatenate([test.targets, train.targets[chosen]])
    splits = {
        "train": (train.decode(ImageSpec()).pixels, train.targets),
        "test": (pixels, targets),
    }
    return from_arrays(splits, slice_of_fashion.class_names, name="leaky")


def test_images_with_a_copy_in_training_are_left_out_of_the_clean_score(
    run: Run, leaky: Dataset, slice_of_fashion: Dataset
) -> None:
    found = tellapart.evaluate(run, leaky, quiet=True)
    before = tellapart.evaluate(run, slice_of_fashion, quiet=True)
    assert before.clean is not None
    own = before.clean.leaking
    assert own <= 2
    assert found.clean is not None
    assert 29 + own <= found.clean.leaking <= 30 + own
    assert found.clean.samples == found.samples == 230
    assert found.clean.accuracy == found.accuracy
    assert found.clean.clean is not None
    assert found.clean.clean.value == pytest.approx(before.accuracy.value, abs=0.02)


def test_the_command_states_both_and_can_leave_it_out(
    run: Run, leaky: Dataset, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays: dict[str, Any] = {"class_names": list(leaky.class_names)}
    for name, samples in leaky.splits.items():
        arrays[f"x_{name}"] = samples.decode(ImageSpec()).pixels
        arrays[f"y_{name}"] = samples.targets
    np.savez(in_tmp / "leaky.npz", **arrays)
    words = ["evaluate", str(run.path / "model.tellapart"), str(in_tmp / "leaky.npz"), "-q"]
    assert main(words) == 0
    assert "Without them, on " in capsys.readouterr().out
    assert main([*words, "--no-check-leaks"]) == 0
    assert "Without them" not in capsys.readouterr().out


def test_among_many_images_copies_are_only_looked_for_when_asked(
    run: Run, fashion: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    few = fashion.test.take(np.arange(50))
    many = Dataset("many", fashion.class_names, {"train": fashion.train, "test": few}, "here")
    assert tellapart.evaluate(run, many).clean is None
    assert "To look: --check-leaks" in capsys.readouterr().err


def test_samples_alone_have_nothing_to_leak_from(run: Run, slice_of_fashion: Dataset) -> None:
    assert tellapart.evaluate(run, slice_of_fashion.test, quiet=True).clean is None
    with pytest.raises(UsageError, match="between a training split and another"):
        tellapart.evaluate(run, slice_of_fashion.test, check_leaks=True, quiet=True)
