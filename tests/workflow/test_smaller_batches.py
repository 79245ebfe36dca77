"""Going on with another batch size: it works, it says what it costs, and it stays written down."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

import tellapart
from tellapart.errors import Interrupted
from tellapart.progress import Silence
from tellapart.train.runs import RunFolder
from tellapart.workflow.session import Session

SAID_AT_ONCE = (
    "Going on with batches of 16: the result is no longer the one that an undisturbed run would "
    "have given."
)
SAID_LATER = (
    "The run began with batches of 32: the result is not the one that an undisturbed run would "
    "have given."
)


class _PressCtrlC(Silence):
    """Sends this process Ctrl-C when training has gone through some samples."""

    def __init__(self, after: int) -> None:
        self._left, self._pressed = after, False

    @override
    def advance(self, amount: int = 1, note: str = "") -> None:
        self._left -= amount
        if self._left <= 0 and not self._pressed:
            self._pressed = True
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def broken_off(slice_file: Path, tmp_path: Path) -> RunFolder:
    """Return a run with batches of 32 that was stopped in the midst of its first epoch."""
    recipe = tellapart.load_recipe("guide", {"fit.epochs": 2})
    folder = RunFolder.create(tmp_path, "run")
    session = Session(folder, _PressCtrlC(512))
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
    session = Session(broken_off, _PressCtrlC(960))
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
