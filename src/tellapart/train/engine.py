"""One epoch through Keras, step by step."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from typing_extensions import override

from tellapart.data.samples import Indices
from tellapart.train.feed import Feed

OnStep = Callable[[int, float, float], bool]
"""Called after each step with samples done, mean loss, mean accuracy; true means stop."""


@dataclass(frozen=True)
class Stretch:
    """The part of an epoch that is to be trained.

    Attributes:
        order: The whole epoch's permutation.
        first: How many of its samples were trained on before.
        batch_size: Samples a step.
    """

    order: Indices
    first: int
    batch_size: int

    def done_after(self, step: int) -> int:
        """Return how many samples of the epoch are done after step number `step`, from 0."""
        return min(self.first + (step + 1) * self.batch_size, len(self.order))


class _Watcher(keras.callbacks.Callback):
    """Reports each step, and puts the metrics of a broken-off epoch back at its start."""

    def __init__(self, stretch: Stretch, on_step: OnStep, begin: Callable[[], None]) -> None:
        super().__init__()
        self._stretch, self._on_step, self._begin = stretch, on_step, begin

    @override
    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._begin()

    @override
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        done = self._stretch.done_after(batch)
        if self._on_step(done, float(logs["loss"]), float(logs["accuracy"])):
            self.model.stop_training = True


def train_epoch(
    network: keras.Model,
    feed: Feed,
    stretch: Stretch,
    on_step: OnStep,
    begin: Callable[[], None],
) -> None:
    """Train a compiled network through a stretch of an epoch, one step a batch.

    Args:
        network: What to train, in place.
        feed: Where the samples come from.
        stretch: Which samples, in which order and portions.
        on_step: Told of each step; it may ask for a stop.
        begin: Called when Keras has reset its metrics and before the first step.
    """
    network.fit(
        **feed.arguments(stretch.order[stretch.first :], stretch.batch_size),
        shuffle=False,
        verbose=0,
        callbacks=[_Watcher(stretch, on_step, begin)],
    )


def score(network: keras.Model, feed: Feed, count: int, batch_size: int) -> tuple[float, float]:
    """Return mean loss and accuracy of a compiled network over the first samples of a feed.

    Args:
        network: What to score.
        feed: Where the samples come from.
        count: How many of them.
        batch_size: Samples a batch; more are faster, and the result is the same.
    """
    found = network.evaluate(
        **feed.arguments(np.arange(count), batch_size), verbose=0, return_dict=True
    )
    return float(found["loss"]), float(found["accuracy"])
