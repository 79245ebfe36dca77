"""The bundle that a run on a budget has before its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import keras

from tellapart.train.average import averaged
from tellapart.train.options import Finish

_PAUSE = 10
"""Times what writing took last, it is not written again: short epochs are for training."""


@dataclass
class EarlyBundle:
    """Keeps a bundle of the best network so far, from early on.

    Attributes:
        network: What is trained.
        finish: Writes it as a bundle.
        score: Returns its accuracy on the validation images, as it is now.
        held: That of the bundle on disk; below 0 where there is none.
        rehearsed: Whether the end of the run was rehearsed, which wrote the first one.
    """

    network: keras.Model
    finish: Finish
    score: Callable[[], float]
    held: float = -1.0
    rehearsed: bool = False
    _cost: float = 0.0
    _written: float = 0.0

    def rehearse(self) -> float:
        """Write the first bundle, do all else that ends a run, and return the end's seconds."""
        with averaged(self.network):
            began = time.perf_counter()
            held = self.score()
            seconds = time.perf_counter() - began + self.finish.rehearse()
        self.held, self.rehearsed, self._written = held, True, time.perf_counter()
        return seconds

    def renew(self, accuracy: float) -> None:
        """Write the network as the best so far, unless that was done a moment ago."""
        began = time.perf_counter()
        if began - self._written < _PAUSE * self._cost:
            return
        with averaged(self.network):
            self.finish.save()
        self.held, self._written = accuracy, time.perf_counter()
        self._cost = self._written - began

    def leave(self) -> None:
        """Write the network at a stop, if it is better than what is on disk."""
        with averaged(self.network):
            if self.score() > self.held:
                self.finish.save()
