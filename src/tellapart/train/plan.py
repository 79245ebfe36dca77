"""How long a training goes on, and how far it is: by epochs, or by the clock."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.files import write_whole
from tellapart.progress import Progress
from tellapart.train.checkpoints import Position
from tellapart.train.engines.protocol import STEPS

Shares = NDArray[np.float64]

FIRST_RESERVE = 0.1
"""Share of a budget that is kept for the end, at least, until it is known how long that takes."""

LIKE_THE_START = 1.25
"""Until that is known the end is supposed to take so many times what the start took."""

MOST_SUPPOSED = 10.0
"""And no more seconds than these, since the start may have decoded many pictures."""

FIRST_BLOCK = 0.2
"""Seconds that a block is supposed to take, at most, until one was measured."""

FEWEST_STEPS = 100
"""After fewer a classifier has learnt much less than it could, which is said."""

LATE = 1.1
"""So much of its budget a run may take before that is said."""

NOTE_SECONDS = 1.0
"""So often it is noted how much of a budget is spent."""


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
    reserve: float
    """Seconds that are kept for what comes after the training."""

    def shares(self, position: Position, batch_size: int) -> Shares:
        """Return how much of the training lies behind each of the next `STEPS` steps, 0–1."""

    def is_over(self, position: Position) -> bool:
        """Return whether no further step is to be made."""

    def went(self, samples: int, seconds: float) -> int:
        """Take note of a block, and return how many units of the whole it was."""

    def is_time_for_a_first_bundle(self) -> bool:
        """Return whether the end is to be rehearsed now, if it was not before."""

    def has_time_to_spare(self) -> bool:
        """Return whether there is time for bundles before the end, beside the training."""

    def title(self, position: Position) -> str:
        """Return what the present epoch is called."""

    def tell_beginning(self, progress: Progress) -> None:
        """Say before the training what of it is not as planned."""

    def tell_end(self, progress: Progress, steps: int) -> None:
        """Say it after the training, of so many steps in all."""


class ByEpochs(Plan):
    """Trains for a number of epochs; every share follows from the position alone.

    Args:
        epochs: How many.
        samples: In each.
    """

    unit = "images"
    reserve = 0.0

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

    @override
    def is_time_for_a_first_bundle(self) -> bool:
        return False

    @override
    def has_time_to_spare(self) -> bool:
        return True

    @override
    def tell_beginning(self, progress: Progress) -> None: ...

    @override
    def tell_end(self, progress: Progress, steps: int) -> None: ...


class ByTime(Plan):
    """Trains until a deadline, less what the end of the run takes.

    The learning rate follows the clock, so the schedule is complete at the deadline
    however fast or slow the machine turns out to be; so two such trainings are never
    equal bit for bit. What lies behind is the time of the steps alone: compiling them and
    rehearsing the end shorten the training, and do not make the rates leap.

    Args:
        budget: Of the whole run.
        trained: Seconds of steps before a resumption.
        folder: Where it is noted, for a resumption, how much of the budget is spent.
        clock: Seconds that only ever grow.
    """

    unit = ""

    def __init__(
        self,
        budget: Budget,
        trained: float = 0.0,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget, self._clock = budget, clock
        self._note = folder / "budget.json" if folder else None
        self._before = max(trained, read_note(self._note, "seconds", 0.0))
        self._deadline = budget.began + budget.seconds - self._before
        self._began, self._said, self._noted_at = clock(), 0, 0.0
        self._end = min(LIKE_THE_START * (self._began - budget.began), MOST_SUPPOSED)
        self.reserve = max(FIRST_RESERVE * budget.seconds, min(self._end, budget.seconds / 3))
        self._done = min(trained, read_note(self._note, "trained", trained))
        self._a_step = min(FIRST_BLOCK, max(0.0, 0.01 * self._left())) / STEPS
        self._batch_size, self._blocks = 1, 0
        self.total = max(1, round(self._left()))
        self._write_note()

    def _left(self) -> float:
        """Return the seconds there are for steps."""
        return self._deadline - self.reserve - self._clock()

    def _spent(self) -> float:
        """Return the seconds of the budget that are gone, those before a resumption too."""
        return self._before + self._clock() - self._budget.began

    @override
    def shares(self, position: Position, batch_size: int) -> Shares:
        self._batch_size = batch_size
        left, a_step = max(self._left(), 1e-3), self._a_step
        if not self._blocks and left < self._end / 2:  # compiling takes it all: the only block
            a_step = left / STEPS
        done = self._done + a_step * np.arange(STEPS)
        return np.asarray(np.minimum(done / (self._done + left), 1.0), np.float64)

    @override
    def is_over(self, position: Position) -> bool:
        if position == Position():
            return False  # at least one block: there must be something to keep
        return self._left() <= self._a_step * STEPS / 2

    @override
    def went(self, samples: int, seconds: float) -> int:
        steps = -(-samples // self._batch_size)
        if self._blocks:
            known = self._a_step if self._blocks > 1 else seconds / steps
            self._a_step = (known + seconds / steps) / 2
            self._done += seconds
        else:  # most of it was no training
            self._done += self._a_step * steps
        self._blocks += 1
        if self._clock() - self._noted_at >= NOTE_SECONDS:
            self._write_note()
        behind = min(self.total, round(self._clock() - self._began))
        step, self._said = behind - self._said, behind
        return step

    @override
    def is_time_for_a_first_bundle(self) -> bool:
        """Return whether a quarter of the time, or half a minute, is over, and enough is left."""
        after = self._budget.began + min(30.0, 0.25 * self._budget.seconds)
        return self._clock() >= after and self.has_time_to_spare()

    @override
    def has_time_to_spare(self) -> bool:
        """Return whether more is left than the end and its rehearsal would take most of."""
        return self._deadline - self._clock() >= max(3.0 * self._end, self.reserve)

    @override
    def title(self, position: Position) -> str:
        return f"epoch {position.epoch + 1}"

    @override
    def tell_beginning(self, progress: Progress) -> None:
        if self._before:
            left = max(0.0, self._deadline - self._clock())
            progress.say(
                f"Of the budget of {self._budget.seconds:g} s, {left:.0f} s are left. A run on a "
                "budget is not gone on with exactly: its learning rates follow the clock."
            )

    @override
    def tell_end(self, progress: Progress, steps: int) -> None:
        self._write_note()
        budget = self._budget.seconds
        if steps < FEWEST_STEPS and self.is_over(Position(1)):
            many = "1 step was" if steps == 1 else f"{steps} steps were"
            progress.say(
                f"Only {many} trained: give it more time, such as --budget {2 * budget:g}s."
            )
        if (whole := self._spent() + self.reserve) > LATE * budget:
            progress.say(f"The run will be late: it takes about {whole:.0f} s of {budget:g}.")

    def _write_note(self) -> None:
        if self._note is not None:
            self._noted_at = self._clock()
            write_whole(self._note, json.dumps({"seconds": self._spent(), "trained": self._done}))


def read_note(note: Path | None, name: str, otherwise: float) -> float:
    """Return a number that was noted before a resumption; `otherwise` if that does not read."""
    try:
        return float(json.loads(note.read_text("utf-8"))[name]) if note else otherwise
    except (OSError, ValueError, KeyError, TypeError):
        return otherwise
