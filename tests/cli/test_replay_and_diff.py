"""`tellapart replay` and `tellapart diff`: what they print, and their exit codes."""

import json
import shutil
from pathlib import Path

import pytest

import tellapart
from tellapart.__main__ import main
from tellapart.bundle import Bundle, open_bundle, write_bundle
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run


@pytest.fixture
def copy(file_run: Run, tmp_path: Path) -> RunFolder:
    """Return a copy of the run, to be changed."""
    return RunFolder(Path(shutil.copytree(file_run.path, tmp_path / "runs" / "slice-1")))


def test_replay_says_that_a_run_came_out_the_same_and_exits_with_0(
    copy: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(copy.path), "--output", str(tmp_path / "again"), "-q"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "weights   equal, bit for bit" in captured.out
    assert "history   equal" in captured.out
    assert f"replay    {tmp_path}/again/slice-1-replay-1" in captured.out
    assert [p.name for p in copy.path.parent.iterdir()] == ["slice-1"]


def test_replay_exits_with_4_and_one_line_where_something_came_out_otherwise(
    copy: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = open_bundle(copy.bundle_path)
    name, weights = next(iter(bundle.weights.items()))
    changed = {**bundle.weights, name: weights + weights.dtype.type(0.5)}
    write_bundle(copy.bundle_path, Bundle(bundle.manifest, changed, bundle.golden))
    assert main(["replay", str(copy.path), "--json", "-q"]) == 4
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["equal"] is False
    assert found["weights"]["differing"] == 1
    assert captured.err == (
        f"error: {copy.path} does not replay: other weights. Versions and machine are the same.\n"
    )
    assert main(["replay", str(copy.path), "-q"]) == 4
    assert "1 of 8 tensors differ, by up to 0.5" in capsys.readouterr().out


def test_diff_shows_what_differs_and_the_conclusion(
    file_run: Run, slice_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tellapart.train(
        slice_file, "guide", epochs=1, learning_rate=1e-6, output=tmp_path, quiet=True
    )
    words = ["diff", str(file_run.path), str(other.path)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "fit.epochs" in out
    assert "optimizer.learning_rate" in out
    assert "the same: data, versions" in out
    assert "the same 200 test images: both right" in out
    assert "points worse (95% interval" in out
    assert "more than noise" in out
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["paired"]["samples"] == 200
    assert found["conclusion"] in out
    assert [one["field"] for one in found["scores"][:2]] == ["accuracy", "loss"]


def test_compare_calls_two_equal_runs_equal(
    file_run: Run, copy: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compare", str(file_run.path), str(copy.path)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "neither" in out
    assert out.endswith("No run is better than another by more than noise.\n")
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"][0]["better"] is None


def test_diff_of_a_run_and_its_copy_says_that_nothing_differs(
    file_run: Run, copy: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(file_run.path), str(copy.path)]) == 0
    out = capsys.readouterr().out
    assert "the same: recipe, data, versions" in out
    assert "the same, bit for bit: the weights" in out
    assert "No difference: A and B have the same test images right." in out


@pytest.mark.parametrize("verb", ["replay", "diff"])
def test_what_is_no_run_is_refused_with_exit_code_4(
    verb: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, *(["photos"] if verb == "replay" else ["photos", "photos"])]) == 4
    captured = capsys.readouterr()
    assert captured.err == "error: photos is not a run: there is no recipe.toml in it.\n"
    assert captured.out == ""
    assert list(in_tmp.iterdir()) == []


def test_a_replay_of_a_run_on_arrays_says_how_to_do_it_in_python(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(run.path), "-o", str(tmp_path)]) == 2
    assert "tellapart.replay(run, data=...)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_replay_on_data_that_changed_is_refused_with_exit_code_3(
    copy: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    record = copy.record().model_copy(update={"fingerprint": "0" * 64})
    copy.record_path.write_text(record.model_dump_json(), "utf-8")
    assert main(["replay", str(copy.path), "-q"]) == 3
    assert "its fingerprint was 000000000000…" in capsys.readouterr().err
    assert [p.name for p in copy.path.parent.iterdir()] == ["slice-1"]


def test_one_run_alone_cannot_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "runs/a-1"]) == 2
    assert "Missing argument 'RUN_B'" in capsys.readouterr().err
