"""Cross-validating a recipe: what is reported, what is left alone, and going on after a kill."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import DataError, UsageError
from tellapart.sections import ImageSpec
from tellapart.workflow.cross_validate import CrossValidation
from tellapart.workflow.folds import read_out_of_fold
from tellapart.workflow.replay import replay

OPTIONS: dict[str, Any] = {"recipe": "guide-holdout", "folds": 3, "epochs": 2, "quiet": True}


@pytest.fixture(scope="module")
def file(slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 150 real images to train on and 20 to test on; do not change it."""
    path = tmp_path_factory.mktemp("data") / "few.npz"
    arrays: dict[str, Any] = {"class_names": list(slice_of_fashion.class_names)}
    for name, count in (("train", 150), ("test", 20)):
        part = slice_of_fashion.splits[name].take(np.arange(count))
        arrays[f"x_{name}"], arrays[f"y_{name}"] = part.decode(ImageSpec()).pixels, part.targets
    np.savez(path, **arrays)
    return path


@pytest.fixture(scope="module")
def found(file: Path, tmp_path_factory: pytest.TempPathFactory) -> CrossValidation:
    """Return a finished cross-validation; do not change its folder."""
    return tellapart.cross_validate(file, output=tmp_path_factory.mktemp("runs"), **OPTIONS)


def test_every_score_is_that_of_the_answers_on_disk(found: CrossValidation) -> None:
    answers = read_out_of_fold(found.path)
    right = answers.probabilities.argmax(axis=1) == answers.targets
    assert found.scores.pooled.value == found.evaluation.accuracy.value == right.mean()
    for score in found.scores.folds:
        run = tellapart.open_run(Path(found.path) / f"fold-{score.number}")
        assert score.accuracy == run.evaluation.accuracy
        assert score.accuracy.value == right[answers.fold == score.number].mean()
    text = (Path(found.path) / "cross-validation.json").read_text("utf-8")
    assert CrossValidation.from_json(text) == found


def test_the_test_images_of_the_data_set_are_left_alone_and_that_is_said(
    found: CrossValidation,
) -> None:
    assert Path(found.path).name == "few-cv-1"
    assert found.evaluation.samples == 150
    assert found.evaluation.split == "out-of-fold"
    assert "The test images of the data set's own were left alone." in found.evaluation.note


def test_one_that_is_killed_goes_on_to_the_same_answers(
    file: Path, found: CrossValidation, tmp_path: Path
) -> None:
    words = ["cross-validate", str(file), "--recipe", "guide-holdout", "--folds", "3"]
    words += ["--epochs", "2", "-q", "--output", str(tmp_path), "--save-every", "0"]
    environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend()}
    command = [sys.executable, "-m", "tellapart", *words]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    folder = tmp_path / "few-cv-1"
    while process.poll() is None and not (folder / "fold-2" / "checkpoints").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (folder / "out-of-fold.npz").exists()
    first = (folder / "fold-1" / "evaluation.json").stat().st_mtime_ns
    again = tellapart.cross_validate(resume=folder, quiet=True)
    assert (folder / "fold-1" / "evaluation.json").stat().st_mtime_ns == first
    assert again.scores == found.scores
    np.testing.assert_array_equal(
        read_out_of_fold(folder).probabilities, read_out_of_fold(found.path).probabilities
    )


def test_a_finished_one_is_only_read_again(found: CrossValidation) -> None:
    log = Path(found.path) / "fold-3" / "log.txt"
    before = log.stat().st_mtime_ns
    assert tellapart.cross_validate(resume=found.path, quiet=True) == found
    assert log.stat().st_mtime_ns == before


def test_a_fold_can_be_replayed_like_any_run(found: CrossValidation, tmp_path: Path) -> None:
    assert replay(Path(found.path) / "fold-2", output=tmp_path, quiet=True).equal


def test_what_it_began_with_cannot_be_changed(found: CrossValidation) -> None:
    for changed in ({"folds": 4}, {"epochs": 1}, {"recipe": "guide"}, {"strict": True}):
        with pytest.raises(UsageError, match="leave out others"):
            tellapart.cross_validate(resume=found.path, quiet=True, **changed)


def test_what_cannot_be_folded_leaves_nothing_behind(tmp_path: Path) -> None:
    images = np.zeros((9, 28, 28), np.uint8)
    labels = ["cat"] * 8 + ["dog"]
    with pytest.raises(DataError, match="Received: all of dog in fold"):
        tellapart.cross_validate((images, labels), output=tmp_path / "runs", **OPTIONS)
    with pytest.raises(UsageError, match="`folds` must be at least 2. Received: 1."):
        tellapart.cross_validate(
            (images, labels), "guide", folds=1, output=tmp_path / "runs", quiet=True
        )
    assert list(tmp_path.iterdir()) == []
