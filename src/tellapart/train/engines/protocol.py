"""What every engine takes and gives: blocks of steps in, one loss and count a step out."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tellapart.data.prepare import Part
from tellapart.data.samples import Indices

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
    """

    chosen: NDArray[np.int32]
    weights: Weights
    rates: Rates
    samples: int

    def __len__(self) -> int:
        return len(self.chosen)


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
        follows_rates: Whether the learning rate is the block's, not the optimiser's own.
    """

    from_logits: bool = False
    smoothing: float = 0.0
    follows_rates: bool = True


class Engine(Protocol):
    """Trains one compiled network on one set of samples."""

    def train(self, block: Block) -> Outcome:
        """Make the steps of a block; the network's variables hold the result."""

    def score(self, part: Part) -> tuple[float, float]:
        """Return mean loss and accuracy of the network on other samples."""


def cut_block(
    order: Indices, first: int, batch_size: int, rates: Rates, class_weights: Weights | None
) -> Block:
    """Return the block that begins after the first samples of an epoch's order.

    Args:
        order: The epoch's permutation.
        first: How many of its samples were trained on before.
        batch_size: Samples a step.
        rates: `(STEPS,)`, the learning rates of the steps to come.
        class_weights: `(n,)`, a weight for every sample there is; 1 without.
    """
    taken = order[first : first + STEPS * batch_size]
    steps = -(-len(taken) // batch_size)
    chosen = np.resize(taken, steps * batch_size).astype(np.int32)
    weights = np.ones(len(chosen), np.float32)
    if class_weights is not None:
        weights = class_weights[chosen]
    weights[len(taken) :] = 0.0
    shape = (steps, batch_size)
    return Block(chosen.reshape(shape), weights.reshape(shape), rates[:steps], len(taken))
