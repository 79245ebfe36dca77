"""What decides about a training beside its recipe."""

from dataclasses import dataclass
from typing import Protocol

from tellapart.train.plan import Budget
from tellapart.train.saver import INTERVAL


class Finish(Protocol):
    """Is what a run on a budget does with the network before its training is over."""

    def save(self) -> None:
        """Write the network as it is now as a bundle."""

    def rehearse(self, *, keep: bool) -> float:
        """Write it too, do all else that ends a run, and return the seconds of the end.

        Args:
            keep: Put the bundle back that was there before, if there was one.
        """


@dataclass(frozen=True)
class FitOptions:
    """What decides about a training beside its recipe.

    Attributes:
        own_optimizer: Whether the network came with an optimiser that keeps its own
            learning rate, whatever the recipe's.
        save_every: Seconds between two checkpoints within an epoch.
        budget: The time of the whole run, instead of a number of epochs.
        finish: What comes after a training; needed with a budget.
    """

    own_optimizer: bool = False
    save_every: float = INTERVAL
    budget: Budget | None = None
    finish: Finish | None = None


DEFAULTS = FitOptions()
