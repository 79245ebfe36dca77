"""What every engine takes and gives: blocks of steps in, one loss and count a step out."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tellapart.data.prepare import Part
from tellapart.data.samples import Indices
from tellapart.train.augment import Changes
from tellapart.train.engines.pictures import Augmenter

SCORE_BATCH = 500
"""Samples a batch of the compiled engines' scoring; the result does not depend on it."""

STEPS = 16
"""Most steps in one call of an engine: enough to hide its cost, few enough to stop soon."""

Rates = NDArray[np.float32]
Weights = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Block:
    """Is a few steps in a row.

    The last batch of an epoch may be short: it is filled with samples from the beginning
    of the block, whose weight is 0, so that every batch has the same shape.

    Attributes:
        chosen: `(steps, batch)`, int32: which samples.
        weights: `(steps, batch)`, float32: how much each counts in the loss.
        rates: `(steps,)`, float32: the learning rate of each step.
        samples: How many samples count.
        numbers: `(steps, batch, columns)`: what augmentation does to each; no columns
            without any.
        partners: `(steps, batch)`: which sample each is mixed with.
    """

    chosen: NDArray[np.int32]
    weights: Weights
    rates: Rates
    samples: int
    numbers: NDArray[np.float32]
    partners: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.chosen)

    def columns(self) -> tuple[NDArray[Any], ...]:
        """Return what each step is given: samples, weights, rate, changes, partners."""
        return (self.chosen, self.weights, self.rates, self.numbers, self.partners)

    def filled_columns(self) -> tuple[NDArray[Any], ...]:
        """Return the columns of `STEPS` steps; those after the last hold nothing.

        All blocks then have one shape, for which an engine is compiled once.
        """
        missing = STEPS - len(self)
        return tuple(
            np.pad(column, [(0, missing)] + [(0, 0)] * (column.ndim - 1))
            for column in self.columns()
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """Is what a block came to.

    Attributes:
        losses: `(steps,)`: the mean loss of each batch.
        correct: `(steps,)`: how many samples of each batch were answered rightly.
    """

    losses: NDArray[np.float32]
    correct: NDArray[np.float32]


@dataclass(frozen=True)
class Settings:
    """What an engine must know beside network and samples.

    Attributes:
        from_logits: Whether the network puts out logits.
        smoothing: Of the targets.
        augmenter: Changes the pixels of each batch, if the recipe asks for it.
        follows_rates: Whether the learning rate is the block's, not the optimiser's own.
    """

    from_logits: bool = False
    smoothing: float = 0.0
    augmenter: Augmenter | None = None
    follows_rates: bool = True


class Engine(Protocol):
    """Trains one compiled network on one set of samples."""

    def train(self, block: Block) -> Outcome:
        """Make the steps of a block; the network has the result after `publish`."""

    def publish(self) -> None:
        """Put what was trained into the network's variables.

        The next block begins with what they hold then, so they may be set from outside.
        """

    def score(self, part: Part) -> tuple[float, float]:
        """Publish, and return mean loss and accuracy of the network on other samples."""


@dataclass(frozen=True, eq=False)
class Epoch:
    """Is what one epoch goes through.

    Attributes:
        order: Its permutation of the samples.
        changes: What augmentation does, place by place; `None` without.
        class_weights: `(n,)`, a weight for every sample there is; `None` for 1.
    """

    order: Indices
    changes: Changes | None = None
    class_weights: Weights | None = None


def cut_block(epoch: Epoch, first: int, batch_size: int, rates: Rates) -> Block:
    """Return the block that begins after the first samples of an epoch.

    Args:
        epoch: Order, augmentation and weights.
        first: How many of its samples were trained on before.
        batch_size: Samples a step.
        rates: `(STEPS,)`, the learning rates of the steps to come.
    """
    count = min(len(epoch.order) - first, STEPS * batch_size)
    steps = -(-count // batch_size)
    places = first + np.resize(np.arange(count), steps * batch_size)
    chosen = epoch.order[places].astype(np.int32)
    weights = np.ones(len(chosen), np.float32)
    if epoch.class_weights is not None:
        weights = epoch.class_weights[chosen]
    weights[count:] = 0.0
    changes = epoch.changes.at(places) if epoch.changes else _no_changes(len(places))
    shape = (steps, batch_size)
    return Block(
        chosen.reshape(shape),
        weights.reshape(shape),
        rates[:steps],
        count,
        changes.numbers.reshape(*shape, changes.numbers.shape[1]),
        changes.partners.reshape(shape),
    )


def _no_changes(count: int) -> Changes:
    return Changes(np.empty((count, 0), np.float32), np.zeros(count, np.int32))
