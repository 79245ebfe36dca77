"""How long a training goes on, and how far it is: by epochs, or by the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.train.checkpoints import Position
from tellapart.train.engines.protocol import STEPS

Shares = NDArray[np.float64]

FIRST_RESERVE = 0.1
"""Share of a budget that is kept for the end until it is known how long the end takes."""


@dataclass(frozen=True)
class Budget:
    """Is the time that a whole run may take.

    Attributes:
        seconds: From its beginning to the last file.
        began: When that was, by `time.monotonic`.
    """

    seconds: float
    began: float


class Plan(Protocol):
    """Says how far a training is, and when it is over."""

    total: int
    unit: str

    def shares(self, position: Position, batch_size: int) -> Shares:
        """Return how much of the training lies behind each of the next `STEPS` steps, 0–1."""

    def is_over(self, position: Position) -> bool:
        """Return whether no further step is to be made."""

    def went(self, samples: int, seconds: float) -> int:
        """Take note of a block, and return how many units of the whole it was."""

    def title(self, position: Position) -> str:
        """Return what the present epoch is called."""


class ByEpochs(Plan):
    """Trains for a number of epochs; every share follows from the position alone.

    Args:
        epochs: How many.
        samples: In each.
    """

    unit = "images"

    def __init__(self, epochs: int, samples: int) -> None:
        self._epochs, self._samples = epochs, samples
        self.total = epochs * samples

    @override
    def shares(self, position: Position, batch_size: int) -> Shares:
        behind = position.epoch * self._samples + position.index
        return np.asarray((behind + batch_size * np.arange(STEPS)) / self.total, np.float64)

    @override
    def is_over(self, position: Position) -> bool:
        return position.epoch >= self._epochs

    @override
    def went(self, samples: int, seconds: float) -> int:
        return samples

    @override
    def title(self, position: Position) -> str:
        return f"epoch {position.epoch + 1}/{self._epochs}"


class ByTime(Plan):
    """Trains until a deadline, less what the end of the run takes.

    The learning rate follows the clock, so the schedule is complete at the deadline
    however fast or slow the machine turns out to be; so two such trainings are never
    equal bit for bit.

    Args:
        budget: Of the whole run.
        trained: Seconds of training before a resumption, which the budget has paid for.
        clock: Seconds that only ever grow.
    """

    unit = ""

    def __init__(
        self, budget: Budget, trained: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._trained, self._began = clock, trained, clock()
        self._deadline = budget.began + budget.seconds - trained
        self._budget, self._said = budget, 0
        self._a_block, self._steps = 0.0, 1
        self.reserve = FIRST_RESERVE * budget.seconds
        self.total = max(1, round(self._whole() - trained))

    def _whole(self) -> float:
        """Return the seconds of training there are, past ones included."""
        return max(self._trained + self._deadline - self.reserve - self._began, 1e-3)

    def _spent(self) -> float:
        return self._trained + self._clock() - self._began

    @override
    def shares(self, position: Position, batch_size: int) -> Shares:
        steps = self._a_block / self._steps * np.arange(STEPS)
        return np.asarray(np.minimum((self._spent() + steps) / self._whole(), 1.0), np.float64)

    @override
    def is_over(self, position: Position) -> bool:
        if position == Position():
            return False  # at least one block: there must be something to keep
        return self._spent() + self._a_block / 2 >= self._whole()

    @override
    def went(self, samples: int, seconds: float) -> int:
        self._a_block, self._steps = seconds, STEPS
        spent = min(self.total, round(self._spent() - self._trained))
        step, self._said = spent - self._said, spent
        return step

    def is_time_for_a_first_bundle(self) -> bool:
        """Return whether a quarter of the time, or half a minute, is over."""
        return self._clock() - self._budget.began >= min(30.0, 0.25 * self._budget.seconds)

    @override
    def title(self, position: Position) -> str:
        return f"epoch {position.epoch + 1}"
