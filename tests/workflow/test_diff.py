"""What differs between two runs, and whether it is more than noise."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tellapart
from tellapart.errors import BundleError
from tellapart.evaluate.paired import conclude
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run

pytestmark = pytest.mark.core


@pytest.fixture(scope="module")
def weak_run(slice_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run on the same data that hardly learned anything."""
    return tellapart.train(
        slice_file,
        "guide-holdout",
        epochs=1,
        learning_rate=1e-6,
        output=tmp_path_factory.mktemp("weak"),
        quiet=True,
    )


@pytest.fixture(scope="module")
def other_seed(slice_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run that differs in its seed alone."""
    output = tmp_path_factory.mktemp("seed")
    return tellapart.train(slice_file, "guide", epochs=2, seed=1, output=output, quiet=True)


def _older(run: Run, to: Path) -> RunFolder:
    """Return a copy of a run without what older runs did not write."""
    folder = RunFolder(Path(shutil.copytree(run.path, to / "older-1")))
    folder.predictions_path.unlink()
    values = json.loads(folder.record_path.read_text("utf-8"))
    del values["machine"], values["earlier_batch_sizes"]
    folder.record_path.write_text(json.dumps(values), "utf-8")
    return folder


def test_a_run_does_not_differ_from_its_copy(file_run: Run, tmp_path: Path) -> None:
    copy = shutil.copytree(file_run.path, tmp_path / "copy")
    found = tellapart.diff(file_run.path, copy)
    assert (found.recipe, found.data, found.circumstances) == ((), (), ())
    assert found.weights.differing == 0
    assert found.conclusion == "No difference: A and B have the same test images right."
    assert found.paired is not None
    assert found.paired.p_value == 1
    assert found.notes == ()


def test_recipe_data_and_scores_are_told_field_by_field(file_run: Run, weak_run: Run) -> None:
    found = tellapart.diff(file_run, weak_run)
    fields = {one.field: (one.a, one.b) for one in found.recipe}
    assert fields["name"] == ("guide", "guide-holdout")
    assert fields["fit.epochs"] == (2, 1)
    assert fields["optimizer.learning_rate"] == (0.001, 1e-6)
    assert "seed" not in fields
    data = {one.field: (one.a, one.b) for one in found.data}
    assert data["train images"] == (1000, weak_run.model.manifest.data.samples["train"])
    assert "test images" not in data
    assert "source" not in data
    assert found.scores[0].a == file_run.evaluation.accuracy.value
    assert found.scores[1].b == weak_run.evaluation.loss
    assert found.scores[2].field == "F1 of T-shirt/top"
    assert found.weights.differing > 0


def test_a_run_that_learned_is_better_than_one_that_did_not_by_more_than_noise(
    file_run: Run, weak_run: Run
) -> None:
    found = tellapart.diff(weak_run, file_run)
    assert found.paired is not None
    assert found.paired.samples == 200
    gap = file_run.evaluation.accuracy.value - weak_run.evaluation.accuracy.value
    assert found.paired.difference.value == pytest.approx(gap)
    assert found.conclusion.startswith("B is ")
    assert "points better" in found.conclusion
    assert found.conclusion.endswith("McNemar p < 0.001): more than noise.")
    assert "not in the seed" in found.notes[0]
    assert str(found) == found.conclusion == json.loads(found.to_json())["conclusion"]


def test_the_seed_alone_is_told_as_the_only_difference(file_run: Run, other_seed: Run) -> None:
    found = tellapart.diff(file_run, other_seed)
    assert [(one.field, one.a, one.b) for one in found.recipe] == [("seed", 0, 1)]
    assert found.data == ()
    assert found.paired is not None
    assert found.conclusion == conclude(found.paired)


def test_the_answers_that_a_run_writes_down_are_those_of_its_classifier(
    file_run: Run, slice_file: Path
) -> None:
    test = tellapart.load(slice_file, quiet=True).test
    asked = file_run.model.probabilities(test.decode(ImageSpec()).pixels)
    with np.load(file_run.path / "predictions.npz") as arrays:
        np.testing.assert_array_equal(arrays["probabilities"], asked)
        np.testing.assert_array_equal(arrays["targets"], test.targets)
        assert len(str(arrays["fingerprint"])) == 64


def test_an_older_run_without_answers_is_asked_anew(
    file_run: Run, weak_run: Run, tmp_path: Path
) -> None:
    found = tellapart.diff(weak_run, _older(file_run, tmp_path).path, quiet=True)
    assert found.paired == tellapart.diff(weak_run, file_run).paired
    assert "asked about the test images anew" in found.notes[0]
    assert {one.field for one in found.circumstances} >= {"processor", "processors"}


def test_an_older_run_on_arrays_is_compared_in_all_but_its_answers(
    run: Run, file_run: Run, tmp_path: Path
) -> None:
    found = tellapart.diff(_older(run, tmp_path).path, file_run, quiet=True)
    assert found.paired is None
    assert "cannot be compared image by image" in found.conclusion
    assert "was trained on arrays in memory" in found.conclusion
    assert found.scores[0].b == file_run.evaluation.accuracy.value


def test_an_older_run_whose_data_changed_is_not_asked_about_them(
    file_run: Run, slice_file: Path, tmp_path: Path
) -> None:
    folder = _older(file_run, tmp_path)
    with np.load(slice_file) as arrays:
        changed = dict(arrays)
    changed["x_test"][0, 0, 0, 0] ^= 1
    np.savez(tmp_path / "slice.npz", **changed)
    record = folder.record().model_copy(update={"source": str(tmp_path / "slice.npz")})
    folder.record_path.write_text(record.model_dump_json(), "utf-8")
    found = tellapart.diff(folder.path, file_run, quiet=True)
    assert found.paired is None
    assert "has changed since the run" in found.conclusion


def test_other_test_images_are_not_compared_but_the_rest_is_shown(
    file_run: Run, slice_file: Path, tmp_path: Path
) -> None:
    with np.load(slice_file) as arrays:
        fewer = dict(arrays)
    fewer["x_test"], fewer["y_test"] = fewer["x_test"][1:], fewer["y_test"][1:]
    np.savez(tmp_path / "slice.npz", **fewer)
    other = tellapart.train(tmp_path / "slice.npz", "guide", epochs=1, output=tmp_path, quiet=True)
    found = tellapart.diff(file_run, other)
    assert found.paired is None
    assert "the test images, as the two networks saw them, are not the same" in found.conclusion
    assert {one.field for one in found.data} >= {"source", "test images"}
    assert found.scores[0].b == other.evaluation.accuracy.value


def test_damaged_answers_are_refused(file_run: Run, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(file_run.path, tmp_path / "copy"))
    raw = (copy / "predictions.npz").read_bytes()
    (copy / "predictions.npz").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(BundleError, match="predictions.npz is damaged"):
        tellapart.diff(copy, file_run)


def test_two_runs_that_wrote_down_their_answers_are_compared_without_a_framework(
    file_run: Run, weak_run: Run
) -> None:
    code = (
        f"import sys, tellapart; tellapart.diff({str(file_run.path)!r}, {str(weak_run.path)!r});"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
