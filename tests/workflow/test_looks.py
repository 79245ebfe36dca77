"""How often test images were scored: counted in the run's folder, and told."""

import shutil
from pathlib import Path

import pytest

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.train.runs import RunFolder
from tellapart.workflow.looks import UNCOUNTED, earlier_looks, look_now, tell_of_looks, write_look
from tellapart.workflow.runs import Run


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    """Return a copy of the run, as it is after training."""
    folder = RunFolder(Path(shutil.copytree(run.path, tmp_path / "runs" / "slice-1")))
    first = folder.looks_path.read_text("utf-8").splitlines()[0]
    folder.looks_path.write_text(f"{first}\n", "utf-8")
    return tellapart.open_run(folder.path)


def test_training_is_the_first_look(copy: Run) -> None:
    [line] = RunFolder(copy.path).looks_path.read_text("utf-8").splitlines()
    assert '"by":"train"' in line
    assert copy.evaluation.looks == 0


def test_each_scoring_of_the_same_images_is_counted(copy: Run, slice_of_fashion: Dataset) -> None:
    bundle = copy.path / "model.tellapart"
    first = tellapart.evaluate(bundle, slice_of_fashion, quiet=True)
    second = tellapart.evaluate(copy, slice_of_fashion, quiet=True)
    assert (first.looks, second.looks) == (1, 2)
    assert "validation curve from its test images" in first.note
    assert "scored these test images" not in second.note
    other = tellapart.evaluate(bundle, slice_of_fashion, split="train", quiet=True)
    assert other.looks == 0


def test_looks_of_other_runs_at_the_same_images_are_told(
    copy: Run, slice_of_fashion: Dataset
) -> None:
    for name in ("slice-2", "slice-3"):
        shutil.copytree(copy.path, copy.path.parent / name)
    found = tellapart.evaluate(copy, slice_of_fashion, quiet=True)
    assert found.looks == 3
    assert "Runs beside this one have scored these test images 2 times" in found.note


def test_a_bundle_in_no_runs_folder_is_not_counted_and_says_so(
    copy: Run, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    bundle = shutil.copy(copy.path / "model.tellapart", tmp_path / "alone.tellapart")
    found = tellapart.evaluate(bundle, slice_of_fashion, quiet=True)
    assert found.looks is None
    assert UNCOUNTED in found.note


def test_a_damaged_line_is_no_look(copy: Run) -> None:
    folder = RunFolder(copy.path)
    folder.looks_path.write_bytes(b'{"when": "no\n\xff\n[]\n')
    assert write_look(folder, look_now("evaluate", "test", "abc"))
    assert earlier_looks(folder, "abc") == (1, 0)
    assert earlier_looks(RunFolder(copy.path / "nowhere"), "abc") == (0, 0)


def test_a_look_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    assert not write_look(RunFolder(tmp_path / "nowhere"), look_now("evaluate", "test", "abc"))


def test_one_look_of_another_run_is_told_in_words() -> None:
    assert "these test images once:" in tell_of_looks(1, "test")
