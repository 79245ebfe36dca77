"""Training by corrections of labels: what is written down, and what they brought."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tellapart
from tellapart.__main__ import main
from tellapart.data.dataset import Dataset
from tellapart.data.patch import Correction, patch_to_csv, read_patch
from tellapart.errors import BundleError
from tellapart.progress import SILENCE
from tellapart.train.runs import RunFolder
from tellapart.workflow.labels import patch_as_in
from tellapart.workflow.preparing import prepare_data
from tellapart.workflow.runs import Run

sys.path.insert(0, str(Path(__file__).parent))
from clothes import QUICK, WRONG, files_in, write_clothes

WORDS = ["--recipe", "fast", "--set", "fit.epochs=1", "--set", "fit.batch_size=32", "-q"]


@pytest.fixture(scope="module")
def clothes(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 180 real pictures in three classes, three of them in the wrong one."""
    return write_clothes(fashion, tmp_path_factory.mktemp("data") / "clothes")


@pytest.fixture(scope="module")
def patch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that mends the planted labels, and drops a picture."""
    rows = [
        Correction(image, image.split("/")[0], true, "relabel") for image, true in WRONG.items()
    ]
    rows += [Correction("shoe/sho-001.png", "shoe", "", "drop")]
    rows += [Correction("shoe/sho-002.png", "shoe", "trouser", "")]
    path = tmp_path_factory.mktemp("patch") / "labels.patch.csv"
    path.write_bytes(patch_to_csv(rows))
    return path


@pytest.fixture(scope="module")
def runs(clothes: Path, patch: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    """Return a run on the labels as they are, and one on the corrected ones."""
    output, before = tmp_path_factory.mktemp("runs"), files_in(clothes)
    settings = QUICK | {"fit.epochs": 1}
    old = tellapart.train(clothes, "fast", settings=settings, output=output, quiet=True)
    new = tellapart.train(
        clothes, "fast", settings=settings, labels=patch, against=old, output=output, quiet=True
    )
    assert files_in(clothes) == before
    return old, new


def test_the_run_keeps_the_file_and_says_what_became_of_it(
    runs: tuple[Run, Run], patch: Path
) -> None:
    record = json.loads((runs[1].path / "run.json").read_text("utf-8"))["labels"]
    assert record["digest"] == read_patch(patch).digest
    assert record["relabelled"] + record["dropped"] + record["in_test"] == 4
    assert record["undecided"] == 1
    assert (runs[1].path / "labels.patch.csv").read_bytes() == patch.read_bytes()
    assert f"By {patch} {record['relabelled']} pictures" in runs[1].evaluation.note
    assert json.loads((runs[0].path / "run.json").read_text("utf-8"))["labels"] is None


def test_the_gain_is_measured_on_the_same_test_images_and_written_down(
    runs: tuple[Run, Run],
) -> None:
    old, new = runs
    assert new.gain is not None
    assert old.gain is None
    assert new.gain.against == str(old.path)
    assert new.gain.paired is not None
    assert new.gain.paired.samples == new.evaluation.samples == old.evaluation.samples
    gap = new.evaluation.accuracy.value - old.evaluation.accuracy.value
    assert new.gain.paired.difference.value == pytest.approx(gap)
    fields = [one.field for one in tellapart.diff(old, new, quiet=True).data]
    assert "corrections of labels" in fields


def test_a_run_is_gone_on_with_and_replayed_by_its_own_copy_of_the_file(
    runs: tuple[Run, Run], clothes: Path
) -> None:
    folder = RunFolder(runs[1].path)
    data = patch_as_in(folder, tellapart.load(clothes, quiet=True))
    found = prepare_data(data, folder.recipe(), SILENCE)
    assert found.fingerprint == folder.record().fingerprint
    plain = prepare_data(replace(data, patch=None), folder.recipe(), SILENCE)
    assert plain.fingerprint != found.fingerprint
    assert np.array_equal(plain.test.targets, found.test.targets)


def test_a_copy_that_was_changed_or_is_gone_is_refused(
    runs: tuple[Run, Run], clothes: Path, tmp_path: Path
) -> None:
    data = tellapart.load(clothes, quiet=True)
    folder = RunFolder(tmp_path)
    folder.record_path.write_bytes(RunFolder(runs[1].path).record_path.read_bytes())
    with pytest.raises(BundleError, match="cannot be read"):
        patch_as_in(folder, data)
    folder.patch_path.write_bytes(patch_to_csv([]))
    with pytest.raises(BundleError, match="must be what the run was trained with"):
        patch_as_in(folder, data)


def test_the_command_tells_the_gain_or_how_to_have_it_told(
    runs: tuple[Run, Run],
    clothes: Path,
    patch: Path,
    in_tmp: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["train", str(clothes), *WORDS, "--labels", str(patch)]
    assert main([*words, "--against", str(runs[0].path)]) == 0
    assert f"With the corrected labels (B) against {runs[0].path} (A): " in capsys.readouterr().out
    assert main(["train", str(clothes), *WORDS, "--against", str(runs[0].path)]) == 2
    assert "Fix: --labels labels.patch.csv" in capsys.readouterr().err
    assert main(["train", "--resume", str(runs[0].path), "--labels", str(patch)]) == 2
    assert "and the same corrections of labels: leave out others" in capsys.readouterr().err
    assert len(list((in_tmp / "runs").iterdir())) == 1


def test_a_mistake_in_the_file_ends_the_command_before_any_training(
    clothes: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = Correction("shoe/nowhere.png", "shoe", "trouser", "relabel")
    (in_tmp / "p.csv").write_bytes(patch_to_csv([row]))
    assert main(["train", str(clothes), *WORDS, "--labels", "p.csv"]) == 3
    message = capsys.readouterr().err
    assert "Line 2 of p.csv must name a picture of clothes" in message
    assert "Received: 'shoe/nowhere.png'" in message
    assert not (in_tmp / "runs").exists()
