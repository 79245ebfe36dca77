"""Going on with a run: by the command that it printed, and honest about what changed."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import tellapart
from pressing import PressCtrlC
from tellapart.__main__ import main
from tellapart._extras import is_installed
from tellapart.errors import Interrupted, UsageError
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run
from tellapart.workflow.session import Session

SAID_AT_ONCE = (
    "Going on with batches of 16: the result is no longer the one that an undisturbed run would "
    "have given."
)
SAID_LATER = (
    "The run began with batches of 32: the result is not the one that an undisturbed run would "
    "have given."
)


@pytest.fixture
def broken_off(slice_file: Path, tmp_path: Path) -> RunFolder:
    """Return a run with batches of 32 that was stopped in the midst of its first epoch."""
    recipe = tellapart.load_recipe("guide", {"fit.epochs": 2})
    folder = RunFolder.create(tmp_path, "run")
    session = Session(folder, PressCtrlC(512))
    session.begin(tellapart.load(slice_file, quiet=True), recipe, None, strict=False)
    with pytest.raises(Interrupted):
        session.finish()
    return folder


def log_of(folder: RunFolder) -> list[str]:
    return folder.log_path.read_text("utf-8").splitlines()


def test_a_run_goes_on_with_smaller_batches_and_says_that_it_is_not_exact_any_more(
    broken_off: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tellapart.train(resume=broken_off.path, batch_size=16)
    assert SAID_AT_ONCE in " ".join(capsys.readouterr().err.split())
    assert SAID_AT_ONCE in log_of(broken_off)
    assert run.history["epoch"] == [1, 2]
    assert np.isfinite(run.history["loss"]).all()
    assert run.recipe.fit.batch_size == broken_off.recipe().fit.batch_size == 16
    assert broken_off.record().earlier_batch_sizes == (32,)


def test_going_on_once_more_says_it_again_and_keeps_the_new_size(broken_off: RunFolder) -> None:
    found = tellapart.load(broken_off.record().source, quiet=True)
    recipe = tellapart.load_recipe(broken_off.recipe(), {"fit.batch_size": 16})
    session = Session(broken_off, PressCtrlC(960))
    session.change_recipe(recipe)
    session.begin_again(found, recipe, broken_off.record(), None)
    with pytest.raises(Interrupted):
        session.finish()
    before = log_of(broken_off).count(SAID_LATER)

    run = tellapart.train(resume=broken_off.path, quiet=True)
    assert log_of(broken_off).count(SAID_LATER) == before + 1
    assert run.recipe.fit.batch_size == 16
    assert broken_off.record().earlier_batch_sizes == (32,)
    assert run.history["epoch"] == [1, 2]


def test_the_same_batch_size_as_before_changes_nothing(broken_off: RunFolder) -> None:
    tellapart.train(resume=broken_off.path, batch_size=32, quiet=True)
    assert broken_off.record().earlier_batch_sizes == ()
    assert not any("undisturbed" in line for line in log_of(broken_off))


def test_no_other_setting_may_change(broken_off: RunFolder) -> None:
    before = broken_off.recipe()
    with pytest.raises(tellapart.TellapartError, match="Only --batch-size may change"):
        tellapart.train(resume=broken_off.path, batch_size=16, epochs=3, quiet=True)
    assert broken_off.recipe() == before
    assert broken_off.record().earlier_batch_sizes == ()


def test_a_batch_size_that_cannot_be_is_refused_before_anything_is_written(
    broken_off: RunFolder,
) -> None:
    before = broken_off.recipe_path.read_bytes(), broken_off.record_path.read_bytes()
    with pytest.raises(tellapart.TellapartError, match="`fit.batch_size` must be"):
        tellapart.train(resume=broken_off.path, batch_size=0, quiet=True)
    assert (broken_off.recipe_path.read_bytes(), broken_off.record_path.read_bytes()) == before


def _change_record(folder: RunFolder, **changes: object) -> None:
    values = json.loads(folder.record_path.read_text("utf-8")) | changes
    folder.record_path.write_text(json.dumps(values), "utf-8")


@pytest.mark.skipif(not is_installed("jax"), reason="JAX is not installed")
def test_a_run_goes_on_with_its_own_backend_where_the_environment_names_none(
    broken_off: RunFolder,
) -> None:
    _change_record(broken_off, backend="jax")
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    words = [sys.executable, "-m", "tellapart", "train", "--resume", str(broken_off.path)]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert broken_off.evaluation_path.is_file()


def test_a_run_on_another_machine_says_that_it_is_not_exact_any_more(
    broken_off: RunFolder,
) -> None:
    machine = broken_off.record().machine | {"processors": "64"}
    _change_record(broken_off, machine=machine)
    tellapart.train(resume=broken_off.path, quiet=True)
    (said,) = (line for line in log_of(broken_off) if line.startswith("The run began with"))
    assert "processors 64, now" in said
    assert "no longer exactly" in said


def test_on_the_same_machine_nothing_is_said(broken_off: RunFolder) -> None:
    tellapart.train(resume=broken_off.path, quiet=True)
    assert not any(line.startswith("The run began with") for line in log_of(broken_off))


def test_a_batch_size_among_the_settings_counts_as_one_by_its_name(broken_off: RunFolder) -> None:
    run = tellapart.train(resume=broken_off.path, settings={"fit.batch_size": 16}, quiet=True)
    assert run.recipe.fit.batch_size == 16
    assert broken_off.record().earlier_batch_sizes == (32,)


def test_a_run_that_is_being_trained_is_not_gone_on_with_by_another(
    broken_off: RunFolder,
) -> None:
    half_written = broken_off.path / ".something.part"
    half_written.touch()
    with (
        broken_off.held(),
        pytest.raises(UsageError, match="Another process is writing to"),
    ):
        tellapart.train(resume=broken_off.path, quiet=True)
    assert half_written.exists()
    tellapart.train(resume=broken_off.path, quiet=True)
    assert not half_written.exists()


def test_two_runs_of_one_recipe_differ_in_their_budget(file_run: Run, tmp_path: Path) -> None:
    copy = RunFolder(Path(shutil.copytree(file_run.path, tmp_path / "copy")))
    _change_record(copy, budget=25.0)
    (found,) = tellapart.diff(file_run.path, copy.path).recipe
    assert (found.field, found.a, found.b) == ("budget in seconds", None, 25.0)


def test_a_learning_curve_that_is_stopped_says_what_there_is(
    slice_file: Path, in_tmp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = in_tmp / "runs" / "slice-learning-curve-1"

    def stop_in_the_second_size() -> None:
        while len([*folder.glob("*/checkpoints/*.safetensors")]) < 2:
            time.sleep(0.01)
        while len([*folder.glob("*/checkpoints")]) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), 2)

    watching = threading.Thread(target=stop_in_the_second_size)
    watching.start()
    words = ["learning-curve", str(slice_file), "--recipe", "guide-holdout", "--epochs", "200"]
    assert main([*words, "--quiet"]) == 130
    watching.join()
    said = capsys.readouterr().err
    kept = [path for path in folder.glob("*") if path.is_dir()]
    assert "everything is saved" not in said
    assert "begin anew" in said
    assert all(RunFolder(path).evaluation_path.is_file() for path in kept)
