"""Which of several runs is better: only what is more than noise counts."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import tellapart
from tellapart.errors import DataError, UsageError
from tellapart.train.runs import RunFolder
from tellapart.workflow.predictions import Answers, read_answers, write_answers
from tellapart.workflow.runs import Run


@pytest.fixture(scope="module")
def truth(file_run: Run) -> NDArray[np.int64]:
    answers = read_answers(RunFolder(file_run.path))
    assert answers is not None
    return answers.targets


def run_that_errs(
    file_run: Run, to: Path, wrong: list[int] | range, fingerprint: str = "the same"
) -> Path:
    """Return a copy of a run that answers all but some test images rightly."""
    folder = RunFolder(Path(shutil.copytree(file_run.path, to)))
    found = read_answers(folder)
    assert found is not None
    answers = found.targets.copy()
    answers[list(wrong)] = (answers[list(wrong)] + 1) % 10
    rows = np.eye(10, dtype=np.float32)[answers]
    write_answers(folder, Answers(found.targets, rows, fingerprint))
    return to


def test_a_clear_gain_is_told_with_the_better_run(file_run: Run, tmp_path: Path) -> None:
    good = run_that_errs(file_run, tmp_path / "good", range(10))
    bad = run_that_errs(file_run, tmp_path / "bad", range(40))
    found = tellapart.compare(bad, good)
    assert found.conclusion == f"{good} is better than the other by more than noise."
    assert found.unbeaten == (str(good),)
    assert [one.value for one in found.accuracies] == [0.8, 0.95]
    assert found.pairs[0].paired.difference.value == pytest.approx(0.15)


def test_noise_is_no_gain(file_run: Run, tmp_path: Path) -> None:
    one = run_that_errs(file_run, tmp_path / "one", range(10))
    other = run_that_errs(file_run, tmp_path / "other", range(7, 14))
    found = tellapart.compare(one, other)
    assert found.conclusion == "No run is better than another by more than noise."
    assert found.pairs[0].better is None
    assert found.unbeaten == (str(other), str(one))


def test_a_gain_that_is_one_of_many_tries_is_no_gain(file_run: Run, tmp_path: Path) -> None:
    paths = [
        run_that_errs(file_run, tmp_path / str(n), range(10, 20 if n else 13)) for n in range(4)
    ]
    pair, several = tellapart.compare(*paths[:2]), tellapart.compare(*paths)
    assert 0.05 / 6 < pair.pairs[0].p_value < 0.05
    assert pair.pairs[0].better == str(paths[0])
    assert all(one.better is None for one in several.pairs)
    assert several.conclusion == "No run is better than another by more than noise."


def test_of_several_the_best_must_beat_each_other_one(file_run: Run, tmp_path: Path) -> None:
    best, near, bad = (
        run_that_errs(file_run, tmp_path / name, range(count))
        for name, count in (("best", 10), ("near", 12), ("bad", 60))
    )
    found = tellapart.compare(bad, near, best)
    assert found.unbeaten == (str(best), str(near))
    assert found.conclusion.startswith("No single run is the best by more than noise.")
    assert "each of the others" in str(
        tellapart.compare(best, bad, run_that_errs(file_run, tmp_path / "worse", range(90)))
    )


def test_runs_on_other_test_images_are_refused(file_run: Run, tmp_path: Path) -> None:
    other = run_that_errs(file_run, tmp_path / "other", [], "another")
    with pytest.raises(DataError, match="must be compared on the same test images"):
        tellapart.compare(file_run, other)


def test_one_run_alone_is_refused(file_run: Run) -> None:
    with pytest.raises(UsageError, match="At least two runs"):
        tellapart.compare(file_run, file_run.path)
