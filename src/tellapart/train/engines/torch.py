"""Training on PyTorch: the same steps as on the other backends, taken one by one."""

from typing import Any

import keras
import numpy as np
import torch
from keras import ops
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.models.optimizers import build_optimizer
from tellapart.train.engines.feed import open_feed
from tellapart.train.engines.loss import batch_loss, score_outputs
from tellapart.train.engines.pictures import take_batch
from tellapart.train.engines.protocol import SCORE_BATCH, Block, Engine, Outcome, Settings
from tellapart.train.engines.twin import training_twin


class TorchEngine(Engine):
    """Trains from a uint8 tensor that holds all samples, or those of one block.

    Args:
        network: Built and compiled; its variables are trained in place.
        part: The samples to train on.
        settings: Outputs, loss and learning rate.
    """

    def __init__(self, network: keras.Model, part: Part, settings: Settings) -> None:
        self._network, self._settings = network, settings
        logits = settings.from_logits
        # PyTorch's own convolutions are a third faster than products of matrices
        self._twin = training_twin(network, from_logits=logits, by_matrices=False)
        self._feed = open_feed(part, settings, ops.convert_to_tensor)
        build_optimizer(network)

    @override
    def train(self, block: Block) -> Outcome:
        supply = self._feed.take(block)
        columns = [ops.convert_to_tensor(column) for column in supply.block.columns()]
        batches = zip(*columns, strict=True)
        found = torch.stack([self._step(supply.pixels, supply.targets, batch) for batch in batches])
        losses, correct = ops.convert_to_numpy(found).T
        return Outcome(losses, correct)

    @override
    def publish(self) -> None:
        pass  # the network's own variables are trained

    @override
    def score(self, part: Part) -> tuple[float, float]:
        batches = []
        with torch.no_grad():
            for first in range(0, len(part), SCORE_BATCH):
                pixels = ops.convert_to_tensor(part.pixels[first : first + SCORE_BATCH], "float32")
                batches.append(ops.convert_to_numpy(self._twin(pixels, training=False)))
        return score_outputs(np.concatenate(batches), part.targets)

    def _step(self, pixels: Any, targets: Any, batch: Any) -> Any:
        """Take one step; return `(2,)`, its loss and how many answers were right."""
        images, wanted = take_batch(
            batch,
            lambda chosen: torch.index_select(pixels, 0, chosen).float(),
            lambda chosen: torch.index_select(targets, 0, chosen),
            self._settings.augmenter,
        )
        logits = self._twin(images, training=True)
        loss, correct = batch_loss(logits, wanted, self._settings.smoothing)
        for penalty in self._network.losses:
            loss = loss + penalty
        variables, optimizer = self._network.trainable_variables, self._network.optimizer
        values = [variable.value for variable in variables]
        scaled = optimizer.scale_loss(loss)  # where 16 bits would lose small gradients
        gradients = torch.autograd.grad(scaled, values, allow_unused=True)
        if self._settings.follows_rates:
            optimizer.learning_rate = batch[2]
        with torch.no_grad():
            optimizer.apply(gradients, variables)
        return torch.stack([loss.detach(), correct])
