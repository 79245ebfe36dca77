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


MOST_RESIDENT = 1 << 30
"""Bytes of pixels that are put into one tensor; of more, each block's are gathered."""


@dataclass(frozen=True, eq=False)
class Picks:
    """Is which samples a block takes.

    Attributes:
        chosen: `(steps, batch)`, int32: which samples.
        partners: `(steps, batch)`, int32: which sample each is mixed with.
    """

    chosen: NDArray[np.int32]
    partners: NDArray[np.int32]

    def equals(self, other: "Picks") -> bool:
        """Return whether these are the same samples in the same places."""
        return np.array_equal(self.chosen, other.chosen) and np.array_equal(
            self.partners, other.partners
        )


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
        following: What the epoch's next block takes, if there is one.
    """

    chosen: NDArray[np.int32]
    weights: Weights
    rates: Rates
    samples: int
    numbers: NDArray[np.float32]
    partners: NDArray[np.int32]
    following: Picks | None = None

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
        most_resident: Bytes of pixels that may be put into one tensor.
    """

    from_logits: bool = False
    smoothing: float = 0.0
    augmenter: Augmenter | None = None
    follows_rates: bool = True
    most_resident: int = MOST_RESIDENT


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
    count, places = _next_places(epoch, first, batch_size)
    picks = _pick(epoch, places)
    numbers = np.empty((*places.shape, 0), np.float32)
    if epoch.changes is not None:
        numbers = epoch.changes.at(places).numbers
    weights = np.ones(places.shape, np.float32)
    if epoch.class_weights is not None:
        weights, numbers = _weigh(epoch.class_weights, picks, numbers)
    weights.ravel()[count:] = 0.0
    _, later = _next_places(epoch, first + count, batch_size)
    return Block(
        picks.chosen,
        weights,
        rates[: len(places)],
        count,
        numbers,
        picks.partners,
        _pick(epoch, later) if later.size else None,
    )


def _weigh(
    class_weights: Weights, picks: Picks, numbers: NDArray[np.float32]
) -> tuple[Weights, NDArray[np.float32]]:
    """Return the weights of a block's samples, and its numbers with the targets' new shares.

    Of a mixed sample each part counts by its own class's weight.
    """
    own = class_weights[picks.chosen]
    if not numbers.shape[-1]:
        return own, numbers
    own_part = numbers[..., 6] * own
    weights = own_part + (1.0 - numbers[..., 6]) * class_weights[picks.partners]
    return weights, np.concatenate([numbers[..., :7], (own_part / weights)[..., None]], axis=-1)


def _next_places(epoch: Epoch, first: int, batch_size: int) -> tuple[int, Indices]:
    """Return how many samples a block counts, and `(steps, batch)` places in the order."""
    count = min(len(epoch.order) - first, STEPS * batch_size)
    steps = -(-count // batch_size)
    return count, first + np.resize(np.arange(count), (steps, batch_size))


def _pick(epoch: Epoch, places: Indices) -> Picks:
    """Return the samples at some places of an epoch, and their partners."""
    partners = epoch.changes.partners[places] if epoch.changes else np.zeros(places.shape, np.int32)
    return Picks(epoch.order[places].astype(np.int32), partners)
