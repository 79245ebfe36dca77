"""How long a training goes on: by epochs, and by the clock."""

import numpy as np
import pytest

from tellapart.train.checkpoints import Position
from tellapart.train.engines.protocol import STEPS
from tellapart.train.history import EpochRecord, History
from tellapart.train.outlook import outlook
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
    clock.now += 50.0
    plan.went(64, 30.0)  # as if there had been a pause
    assert plan.shares(Position(0, 64), 64)[0] == pytest.approx(0.5)


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
