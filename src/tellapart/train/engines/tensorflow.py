"""Training on TensorFlow: a loop of steps inside the graph, each compiled where that pays."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.train.engines.loss import batch_loss, score_outputs
from tellapart.train.engines.protocol import SCORE_BATCH, STEPS, Block, Engine, Outcome, Settings
from tellapart.train.engines.twin import training_twin


class TensorFlowEngine(Engine):
    """Trains from one uint8 tensor that holds all samples.

    Args:
        network: Built and compiled; its variables are trained in place.
        part: The samples to train on.
        settings: Outputs, loss and learning rate.
        compile_steps: Whether XLA compiles each step.
    """

    def __init__(
        self, network: keras.Model, part: Part, settings: Settings, *, compile_steps: bool
    ) -> None:
        self._network, self._settings = network, settings
        self._twin = training_twin(network, from_logits=settings.from_logits)
        self._optimizer = network.optimizer
        self._optimizer.build(network.trainable_variables)
        self._pixels, self._targets = tf.constant(part.pixels), tf.constant(part.targets)
        # XLA, where it is asked for, compiles one step: inside its own loops it finds no
        # fast convolution
        self._step = tf.function(
            self._make_step, autograph=False, jit_compile=True if compile_steps else None
        )
        self._block = tf.function(self._make_block, autograph=False)
        self._forward = tf.function(self._make_outputs, autograph=False)

    @override
    def train(self, block: Block) -> Outcome:
        losses, correct = self._block(
            tf.constant(block.chosen), tf.constant(block.weights), tf.constant(block.rates)
        )
        return Outcome(losses.numpy(), correct.numpy())

    @override
    def score(self, part: Part) -> tuple[float, float]:
        batches = [
            self._forward(tf.constant(part.pixels[first : first + SCORE_BATCH])).numpy()
            for first in range(0, len(part), SCORE_BATCH)
        ]
        return score_outputs(np.concatenate(batches), part.targets)

    def _make_step(self, chosen: Any, weights: Any, rate: Any) -> Any:
        """Take one step; return its loss and how many answers were right."""
        pixels = tf.cast(tf.gather(self._pixels, chosen), "float32")
        targets = tf.gather(self._targets, chosen)
        variables = self._network.trainable_variables
        with tf.GradientTape() as tape:
            logits = self._twin(pixels, training=True)
            loss, correct = batch_loss(logits, targets, weights, self._settings.smoothing)
            for penalty in self._network.losses:
                loss += penalty
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        if self._settings.follows_rates:
            self._optimizer.learning_rate = rate
        self._optimizer.apply(gradients, variables)
        return loss, correct

    def _make_block(self, chosen: Any, weights: Any, rates: Any) -> Any:
        steps = tf.shape(chosen)[0]
        empty = [tf.TensorArray(tf.float32, size=steps) for _ in range(2)]

        def body(number: Any, losses: Any, correct: Any) -> Any:
            loss, right = self._step(chosen[number], weights[number], rates[number])
            return number + 1, losses.write(number, loss), correct.write(number, right)

        _, losses, correct = tf.while_loop(
            lambda number, *_: number < steps,
            body,
            (tf.constant(0), *empty),
            parallel_iterations=1,
            maximum_iterations=STEPS,
        )
        return losses.stack(), correct.stack()

    def _make_outputs(self, pixels: Any) -> Any:
        return self._twin(tf.cast(pixels, "float32"), training=False)
