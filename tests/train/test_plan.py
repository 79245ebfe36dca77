"""How long a training goes on: by epochs, and by the clock."""

import time

import numpy as np
import pytest

from tellapart.progress import open_progress
from tellapart.train.checkpoints import Position
from tellapart.train.engines.protocol import STEPS
from tellapart.train.history import EpochRecord, History
from tellapart.train.outlook import outlook, tell_of_time
from tellapart.train.plan import Budget, ByEpochs, ByTime


class _Clock:
    """Is a clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_shares_by_epochs_follow_from_the_position_alone() -> None:
    plan = ByEpochs(epochs=2, samples=1000)
    assert plan.shares(Position(1, 0), 10)[:2].tolist() == [0.5, 0.505]
    assert not plan.is_over(Position(1, 999))
    assert plan.is_over(Position(2, 0))


def _run(block_seconds: list[float], budget: float, late: float) -> tuple[float, list[float]]:
    """Train on a made-up clock; return how long it took and the shares of its blocks."""
    clock = _Clock()
    began = clock.now
    clock.now += late
    plan = ByTime(Budget(budget, began), clock=clock)
    plan.reserve = 10.0
    position, shares = Position(), []
    for number, seconds in enumerate(block_seconds * 10_000):
        if plan.is_over(position):
            break
        shares.append(float(plan.shares(position, 64)[0]))
        clock.now += seconds
        plan.went(1024, seconds)
        position = Position(0, 1024 * (number + 1))
    return clock.now - began + plan.reserve, shares


@pytest.mark.parametrize("block_seconds", [[0.1], [1.0], [0.5, 1.5, 0.2]])
def test_training_ends_in_time_for_what_comes_after_it_at_any_speed(
    block_seconds: list[float],
) -> None:
    taken, shares = _run(block_seconds, budget=180.0, late=8.0)
    assert taken == pytest.approx(180.0, abs=1.0)
    assert shares[0] == 0.0
    assert np.all(np.diff(shares) > 0)
    assert shares[-1] > 0.98


def test_a_machine_that_becomes_slow_shortens_the_training_not_the_schedule() -> None:
    clock = _Clock()
    plan = ByTime(Budget(100.0, clock.now), clock=clock)
    plan.reserve = 0.0
    for seconds in (0.0, 0.2, 49.8):  # as if there had been a pause
        plan.shares(Position(), 64)
        clock.now += seconds
        plan.went(64 * STEPS, seconds)
    assert plan.shares(Position(0, 64), 64)[0] == pytest.approx(0.5, abs=0.01)


def test_rates_rise_from_the_first_step_on() -> None:
    clock = _Clock()
    shares = ByTime(Budget(60.0, clock.now), clock=clock).shares(Position(), 64)
    assert shares[0] == 0.0
    assert np.all(np.diff(shares) > 0)
    assert shares[-1] < 0.01


def test_time_for_compiling_is_no_step_and_rates_do_not_leap_after_it() -> None:
    clock = _Clock()
    plan = ByTime(Budget(60.0, clock.now), clock=clock)
    places: list[float] = []
    for number, seconds in enumerate([9.0, 0.1, 0.1, 0.1]):
        places.extend(plan.shares(Position(0, number), 64))
        clock.now += seconds
        plan.went(64 * STEPS, seconds)
    assert np.all(np.abs(np.diff(places)) < 0.002)


def test_a_rehearsal_takes_time_from_the_training_without_a_leap_of_the_rates() -> None:
    clock = _Clock()
    plan = ByTime(Budget(60.0, clock.now), clock=clock)
    for seconds in (5.0, 0.2, 0.2):
        plan.shares(Position(), 64)
        clock.now += seconds
        plan.went(64 * STEPS, seconds)
    before = plan.shares(Position(0, 1), 64)[0]
    clock.now += 20.0
    assert plan.shares(Position(0, 1), 64)[0] < 2 * before
    assert plan.shares(Position(0, 1), 64)[-1] < 0.05


def test_where_there_is_time_for_one_block_alone_it_has_the_whole_schedule() -> None:
    clock = _Clock()
    began = clock.now
    clock.now += 12.0
    plan = ByTime(Budget(20.0, began), clock=clock)
    shares = plan.shares(Position(), 64)
    assert shares == pytest.approx(np.arange(STEPS) / STEPS)
    clock.now += 9.0
    plan.went(64 * STEPS, 9.0)
    assert plan.is_over(Position(0, 64 * STEPS))


def test_a_short_block_tells_the_pace_of_its_own_steps() -> None:
    clock = _Clock()
    plan = ByTime(Budget(100.0, clock.now), clock=clock)
    for samples, seconds in ((64 * STEPS, 5.0), (64 * STEPS, 1.6), (100, 0.2)):
        plan.shares(Position(), 64)
        clock.now += seconds
        plan.went(samples, seconds)
    shares = plan.shares(Position(0, 1), 64)
    assert shares[1] - shares[0] == pytest.approx(0.1 / 83, rel=0.1)


def test_the_end_is_supposed_to_take_what_the_start_took_until_it_was_rehearsed() -> None:
    clock = _Clock()
    quick, slow = (ByTime(Budget(20.0, clock.now - late), clock=clock) for late in (1.0, 4.0))
    assert quick.reserve == pytest.approx(2.0)
    assert slow.reserve == pytest.approx(5.0)
    decoding = ByTime(Budget(90.0, clock.now - 60.0), clock=clock)
    assert decoding.reserve == pytest.approx(10.0)


@pytest.mark.parametrize(("budget", "is_rehearsed"), [(15.0, False), (20.0, False), (60.0, True)])
def test_the_end_is_rehearsed_only_where_that_leaves_time_for_training(
    budget: float, *, is_rehearsed: bool
) -> None:
    clock = _Clock()
    plan = ByTime(Budget(budget, clock.now - 6.0), clock=clock)
    clock.now += 0.25 * budget
    assert plan.has_time_to_spare() == is_rehearsed
    assert plan.is_time_for_a_first_bundle() == is_rehearsed
    clock.now += budget
    assert not plan.is_time_for_a_first_bundle()


def test_the_bar_moves_as_far_as_time_does() -> None:
    clock = _Clock()
    plan = ByTime(Budget(100.0, clock.now), clock=clock)
    moved = 0
    for _ in range(2 * STEPS):
        clock.now += 2.5
        moved += plan.went(64, 2.5)
    assert moved == pytest.approx(80, abs=1)


def _history(accuracies: list[float], train: float = 0.9) -> History:
    history = History()
    for number, accuracy in enumerate(accuracies, 1):
        history = history.add(
            EpochRecord(
                epoch=number,
                loss=0.3,
                accuracy=train,
                val_loss=0.3,
                val_accuracy=accuracy,
                seconds=10.0,
                images_per_second=100.0,
                learning_rate=0.1,
            )
        )
    return history


def test_a_rising_curve_promises_as_much_as_it_gained_in_its_last_doubling() -> None:
    sentence = outlook(_history([0.80, 0.84, 0.86, 0.88, 0.888, 0.896, 0.90, 0.904]))
    assert "at most 2." in sentence


def test_a_flat_curve_promises_nothing() -> None:
    assert "nothing" in outlook(_history([0.9] * 8))
    assert "ahead of validation" in outlook(_history([0.9] * 8, train=0.99))


def test_few_epochs_promise_nothing_either_way() -> None:
    assert "cannot be told from 1 epoch;" in outlook(_history([0.9]))


@pytest.mark.parametrize(("took", "is_told"), [(10.5, False), (14.0, True)])
def test_a_run_that_took_longer_than_its_budget_says_so_at_its_end(
    took: float, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    budget = Budget(10.0, time.monotonic() - took)
    tell_of_time(_history([0.9]), budget, open_progress(quiet=False))
    assert ("it took 14 s of 10" in capsys.readouterr().err) is is_told
