"""The bundle that a run on a budget has before its end."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from tellapart.files import write_whole
from tellapart.train.average import averaged
from tellapart.train.options import Finish
from tellapart.train.plan import read_note

_PAUSE = 10
"""Times what writing took last, it is not written again: short epochs are for training."""


@dataclass
class EarlyBundle:
    """Keeps a bundle of the best network so far, from early on.

    Attributes:
        network: What is trained.
        finish: Writes it as a bundle.
        score: Returns its accuracy on the validation images, as it is now.
        chooses: Whether the better one is kept; otherwise always the newest, as where the
            validation images are the test images, by which nothing may be chosen.
        note: Where that of the bundle on disk is kept, for a resumption.
        held: The accuracy of the bundle on disk; below 0 where none is known.
        rehearsed: Whether the end of the run was rehearsed, which leaves a bundle.
    """

    network: keras.Model
    finish: Finish
    score: Callable[[], float]
    chooses: bool = True
    note: Path | None = None
    held: float = -1.0
    rehearsed: bool = False
    _cost: float = 0.0
    _written: float = 0.0

    def __post_init__(self) -> None:
        """Take up what is known from before a resumption."""
        self.held = read_note(self.note, "accuracy", self.held)

    def rehearse(self, best: float) -> float:
        """Do all that ends a run, leave a bundle, and return the seconds of the end.

        Args:
            best: The accuracy of the best epoch so far, below 0 if there is none: what is on
                disk is of it, and is left if the network is worse now.
        """
        with averaged(self.network):
            began = time.perf_counter()
            now = self.score()
            seconds = time.perf_counter() - began
            seconds += self.finish.rehearse(keep=self.chooses and max(best, self.held) > now)
        self.rehearsed = True
        self._hold(max(now, self.held))
        return seconds

    def renew(self, accuracy: float, *, is_best: bool) -> None:
        """Write the network after an epoch, if it is to be kept and none was a moment ago.

        Not in place of a better one, which may be of the midst of an epoch.
        """
        if self.chooses and (not is_best or accuracy <= self.held):
            return
        began = time.perf_counter()
        if began - self._written < _PAUSE * self._cost:
            return
        self._write(accuracy)
        self._cost = self._written - began

    def leave(self, best: float, restore: Callable[[], object]) -> None:
        """At a stop, leave the best there is: on disk, the network, or that of the best epoch.

        Where nothing is chosen, the network as it is.

        Args:
            best: The accuracy of the best epoch so far, below 0 if there is none.
            restore: Gives the network the weights of that epoch.
        """
        with averaged(self.network):
            now = self.score()
        if not self.chooses:
            self._write(now)
            return
        if max(now, best) <= self.held:
            return
        if best > now:
            restore()
        self._write(max(now, best))

    def _write(self, accuracy: float) -> None:
        with averaged(self.network):
            self.finish.save()
        self._hold(accuracy)
        self._written = time.perf_counter()

    def _hold(self, accuracy: float) -> None:
        """Note the accuracy of what is on disk now."""
        self.held = accuracy
        if self.note is not None:
            write_whole(self.note, json.dumps({"accuracy": accuracy}))
