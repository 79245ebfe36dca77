"""What a run on a budget says of its time, and knows of it after a kill."""

import io
from pathlib import Path

import pytest

from tellapart.progress import Lines
from tellapart.train.checkpoints import Position
from tellapart.train.engines.protocol import STEPS
from tellapart.train.plan import Budget, ByTime


class _Clock:
    """Is a clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _told_at_the_end(steps: int, seconds: float) -> str:
    clock, said = _Clock(), io.StringIO()
    plan = ByTime(Budget(20.0, clock.now), clock=clock)
    clock.now += seconds
    plan.tell_end(Lines(said), steps)
    return said.getvalue()


def test_it_is_said_that_a_run_will_be_late_and_that_few_steps_were_trained() -> None:
    assert _told_at_the_end(16, 26.0) == (
        "Only 16 steps were trained: give it more time, such as --budget 40s.\n"
        "The run will be late: it takes about 28 s of 20.\n"
    )
    assert "Only 1 step was trained" in _told_at_the_end(1, 18.0)


def test_nothing_is_said_of_a_run_in_time_or_one_that_patience_ended() -> None:
    assert _told_at_the_end(5_000, 18.0) == ""
    assert _told_at_the_end(16, 9.0) == ""


def test_what_of_a_budget_is_spent_is_known_after_a_kill_and_what_is_left_is_said(
    tmp_path: Path,
) -> None:
    clock, said = _Clock(), io.StringIO()
    plan = ByTime(Budget(30.0, clock.now - 4.0), folder=tmp_path, clock=clock)
    plan.tell_beginning(Lines(said))
    assert said.getvalue() == ""
    plan.shares(Position(), 64)
    clock.now += 5.0
    plan.went(64 * STEPS, 5.0)
    clock.now += 1000.0
    plan = ByTime(Budget(30.0, clock.now), trained=5.0, folder=tmp_path, clock=clock)
    plan.tell_beginning(Lines(said))
    assert "Of the budget of 30 s, 21 s are left" in said.getvalue()
    assert "not gone on with exactly" in said.getvalue()
    assert plan.shares(Position(0, 1024), 64)[0] < 0.02  # compiling was no training
    clock.now += 18.0
    assert plan.is_over(Position(0, 2048))


def test_a_damaged_note_of_what_is_spent_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "budget.json").write_text("{", "utf-8")
    clock = _Clock()
    plan = ByTime(Budget(100.0, clock.now), trained=60.0, folder=tmp_path, clock=clock)
    plan.reserve = 0.0
    assert plan.shares(Position(3, 0), 64)[0] == pytest.approx(0.6)


def test_at_least_one_block_is_trained_however_late_it_is() -> None:
    clock = _Clock()
    plan = ByTime(Budget(10.0, clock.now - 60.0), clock=clock)
    assert not plan.is_over(Position())
    clock.now += 0.1
    assert plan.is_over(Position(0, 64))


def test_a_resumed_training_has_only_the_time_that_is_left() -> None:
    clock = _Clock()
    plan = ByTime(Budget(100.0, clock.now), trained=60.0, clock=clock)
    plan.reserve = 0.0
    assert plan.shares(Position(3, 0), 64)[0] == pytest.approx(0.6)
    clock.now += 40.0
    assert plan.is_over(Position(5, 0))
