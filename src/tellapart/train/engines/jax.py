"""Training on JAX: pure steps, looped inside the compiled program where that pays."""

from typing import Any

import jax
import keras
import numpy as np
from jax import numpy as jnp
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.errors import ModelError
from tellapart.models.optimizers import build_optimizer
from tellapart.train.engines.feed import Supply, open_feed
from tellapart.train.engines.loss import batch_loss, score_outputs
from tellapart.train.engines.pictures import take_batch
from tellapart.train.engines.protocol import SCORE_BATCH, STEPS, Block, Engine, Outcome, Settings
from tellapart.train.engines.twin import has_plain_convolutions, training_twin

_DRAWS = (
    "Layers of `model` must not draw at random without a generator of their own on JAX. "
    "Fix: give the layer a keras.random.SeedGenerator in __init__, self.seed = "
    "keras.random.SeedGenerator(), and draw with keras.random.normal(shape, seed=self.seed)"
)


class JaxEngine(Engine):
    """Trains from a uint8 array that holds all samples, or those of one block.

    Args:
        network: Built and compiled; its variables hold the result after every block.
        part: The samples to train on.
        settings: Outputs, loss and learning rate.
    """

    def __init__(self, network: keras.Model, part: Part, settings: Settings) -> None:
        self._twin = training_twin(network, from_logits=settings.from_logits)
        self._optimizer = network.optimizer
        build_optimizer(network)
        self._variables = (
            list(network.trainable_variables),
            list(network.non_trainable_variables),
            list(self._optimizer.variables),
        )
        self._state: Any = None
        self._feed = open_feed(part, settings, jnp.asarray)
        self._smoothing, self._augmenter = settings.smoothing, settings.augmenter
        rate = self._optimizer.learning_rate if settings.follows_rates else None
        self._rate_at = next((n for n, v in enumerate(self._variables[2]) if v is rate), None)
        self._step = jax.jit(self._make_step)
        self._block = jax.jit(self._make_block)
        self._forward = jax.jit(self._make_outputs)
        # inside a loop XLA finds no fast convolution
        self._loops = not has_plain_convolutions(self._twin)

    @override
    def train(self, block: Block) -> Outcome:
        state = self._state or tuple([v.value for v in group] for group in self._variables)
        run = self._run_loop if self._loops else self._run_steps
        try:
            self._state, losses, correct = run(state, self._feed.take(block))
        except ValueError as error:
            if "[JAX RNG]" not in str(error):  # how Keras begins what it says of such layers
                raise
            raise ModelError(_DRAWS) from error
        return Outcome(losses, correct)

    @override
    def publish(self) -> None:
        if self._state is None:
            return
        for group, values in zip(self._variables, self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        self._state = None

    @override
    def score(self, part: Part) -> tuple[float, float]:
        self.publish()
        trainable, others, _ = ([v.value for v in group] for group in self._variables)
        batches = []
        for first in range(0, len(part), SCORE_BATCH):
            pixels = part.pixels[first : first + SCORE_BATCH]
            filled = np.resize(pixels, (SCORE_BATCH, *pixels.shape[1:]))
            found = np.asarray(self._forward(trainable, others, filled))
            batches.append(found[: len(pixels)])
        return score_outputs(np.concatenate(batches), part.targets)

    def _run_loop(self, state: Any, supply: Supply) -> Any:
        """Make all steps in one call."""
        count = len(supply.block)
        state, losses, correct = self._block(
            state, supply.pixels, supply.targets, supply.block.filled_columns(), count
        )
        steps = slice(count)
        return state, np.asarray(losses)[steps], np.asarray(correct)[steps]

    def _run_steps(self, state: Any, supply: Supply) -> Any:
        found = []
        for batch in zip(*supply.block.columns(), strict=True):
            state, *values = self._step(state, supply.pixels, supply.targets, batch)
            found.append(values)
        losses, correct = np.asarray(found, np.float32).T
        return state, losses, correct

    def _make_step(self, state: Any, pixels: Any, targets: Any, batch: Any) -> Any:
        """Return the state after one step, its loss and how many answers were right."""
        trainable, others, optimizer = state
        rate = batch[2]
        images, wanted = take_batch(
            batch,
            lambda chosen: jnp.asarray(pixels[chosen], "float32"),
            lambda chosen: targets[chosen],
            self._augmenter,
        )

        def loss_of(trainable: Any) -> Any:
            logits, after, penalties = self._twin.stateless_call(
                trainable, others, images, training=True, return_losses=True
            )
            loss, correct = batch_loss(logits, wanted, self._smoothing)
            loss += sum(penalties)
            return self._scaled(loss, optimizer), (loss, after, correct)

        gradients, (loss, others, correct) = jax.grad(loss_of, has_aux=True)(trainable)
        optimizer = list(optimizer)
        if self._rate_at is not None:
            optimizer[self._rate_at] = rate
        trainable, optimizer = self._optimizer.stateless_apply(optimizer, gradients, trainable)
        return (list(trainable), list(others), list(optimizer)), loss, correct

    def _scaled(self, loss: Any, optimizer: Any) -> Any:
        """Return the loss to differentiate: larger, where 16 bits would lose small gradients."""
        mapping = zip(self._optimizer.variables, optimizer, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            return self._optimizer.scale_loss(loss)

    def _make_block(self, state: Any, pixels: Any, targets: Any, block: Any, steps: Any) -> Any:
        def body(number: Any, carried: Any) -> Any:
            state, losses, correct = carried
            batch = tuple(column[number] for column in block)
            state, loss, right = self._make_step(state, pixels, targets, batch)
            return state, losses.at[number].set(loss), correct.at[number].set(right)

        empty = jnp.zeros(STEPS, jnp.float32)
        return jax.lax.fori_loop(0, steps, body, (state, empty, empty))

    def _make_outputs(self, trainable: Any, others: Any, pixels: Any) -> Any:
        batch = jnp.asarray(pixels, "float32")
        return self._twin.stateless_call(trainable, others, batch, training=False)[0]
