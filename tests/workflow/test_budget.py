"""Runs on a budget: a classifier early, the end in time, an interruption that keeps the best."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tellapart
from tellapart.bundle import open_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, UsageError
from tellapart.train.runs import RunFolder
from tellapart.workflow.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("3m", 180), ("1h30m", 5400), ("1.5h", 5400), ("45", 45)]
)
def test_a_budget_is_written_as_people_write_times(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3 weeks", "3m!", "-5m", "2s"])
def test_what_is_no_time_or_too_short_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"must be .* Received"):
        parse_duration(text)


def test_a_budget_and_a_number_of_epochs_exclude_each_other(slice_of_fashion: Dataset) -> None:
    with pytest.raises(UsageError, match="not both"):
        tellapart.train(slice_of_fashion, epochs=3, budget="3m")


@pytest.mark.slow
def test_a_run_on_a_budget_follows_its_schedule_to_the_end(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    run = tellapart.train(
        slice_of_fashion,
        "guide-holdout",
        budget=30,
        settings={"optimizer.schedule": "one-cycle"},
        output=tmp_path,
        quiet=True,
    )
    assert run.history["learning_rate"][-1] < 0.3 * run.recipe.optimizer.learning_rate
    assert RunFolder(run.path).record().budget == 30
    assert run.evaluation.samples > 0
    log = RunFolder(run.path).log_path.read_text("utf-8")
    with pytest.raises(BundleError, match="cannot be replayed: it was on a budget"):
        tellapart.replay(run.path, data=slice_of_fashion, output=tmp_path, quiet=True)
    assert "more time" in log.lower() or "twice the time" in log.lower()


@pytest.mark.slow
def test_an_interrupted_run_on_a_budget_leaves_a_classifier_and_can_go_on(
    slice_file: Path, tmp_path: Path
) -> None:
    words = [sys.executable, "-m", "tellapart", "train", str(slice_file)]
    child = subprocess.Popen(
        [*words, "--recipe", "guide-holdout", "--budget", "50s", "-o", str(tmp_path), "-q"],
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
    )
    deadline = time.monotonic() + 300
    while not (found := list(tmp_path.glob("*/model.tellapart"))) and time.monotonic() < deadline:
        assert child.poll() is None, "the run ended before it had a classifier"
        time.sleep(0.005)
    assert open_bundle(found[0]).manifest.decisions is not None  # it is calibrated from the first
    child.send_signal(signal.SIGINT)
    assert child.wait(120) == 130
    folder = next(tmp_path.iterdir())
    model = tellapart.open_model(folder / "model.tellapart")
    assert model.replay_golden().passed
    assert model.manifest.decisions is not None
    again = tellapart.train(resume=folder, quiet=True)
    assert again.evaluation.samples > 0
    assert not list(folder.glob(".*"))  # no draft is left
    assert sum(again.history["seconds"]) < 55
    log = RunFolder(folder).log_path.read_text("utf-8")
    assert "Of the budget of 50 s, " in log
    assert "is not gone on with exactly" in log
