"""Training on TensorFlow: a loop of steps inside the graph, compiled by XLA where that pays."""

import json
from collections import OrderedDict
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.errors import ModelError
from tellapart.models.optimizers import build_optimizer, copy_optimizer, undecayed
from tellapart.models.wiring import has_wiring, wiring_of
from tellapart.train.engines.feed import open_feed
from tellapart.train.engines.known import is_told_by_config
from tellapart.train.engines.loss import batch_loss, score_outputs
from tellapart.train.engines.normalised import with_fused_normalization
from tellapart.train.engines.pictures import take_batch
from tellapart.train.engines.protocol import SCORE_BATCH, STEPS, Block, Engine, Outcome, Settings
from tellapart.train.engines.twin import has_plain_convolutions, training_twin

KEPT_PROGRAMS = 4
"""How many are kept for the next training of an equal network."""

MOST_WEIGHTS = 2_000_000
"""Larger networks are compiled each time: a second copy of them would take more memory."""

_BLIND_TO_NAMES = (
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.Lion,
    keras.optimizers.Nadam,
    keras.optimizers.RMSprop,
    keras.optimizers.SGD,
)
"""The optimisers that treat a variable in the same way whatever it is called."""


class TensorFlowEngine(Engine):
    """Trains from a uint8 tensor that holds all samples, or those of one block.

    Args:
        network: Built and compiled; its variables are trained in place.
        part: The samples to train on.
        settings: Outputs, loss and learning rate.
        compile_steps: Whether XLA may compile them.
    """

    def __init__(
        self, network: keras.Model, part: Part, settings: Settings, *, compile_steps: bool
    ) -> None:
        build_optimizer(network)
        self._program = _program_for(network, settings, compile_steps=compile_steps)
        self._variables, self._pattern = _variables(network), _variables(self._program.network)
        self._feed = open_feed(part, settings, tf.constant)

    @override
    def train(self, block: Block) -> Outcome:
        self._take_the_program()
        found = self._feed.take(block)
        columns = [tf.constant(column) for column in found.block.filled_columns()]
        steps = tf.constant(len(block))
        losses, correct = self._program.block(found.pixels, found.targets, columns, steps)
        return Outcome(losses.numpy()[: len(block)], correct.numpy()[: len(block)])

    @override
    def score(self, part: Part) -> tuple[float, float]:
        self.publish()
        self._take_the_program()
        batches = [
            self._program.forward(tf.constant(part.pixels[first : first + SCORE_BATCH])).numpy()
            for first in range(0, len(part), SCORE_BATCH)
        ]
        self._program.owner = None  # nothing is behind, and the network may be set anew
        return score_outputs(np.concatenate(batches), part.targets)

    @override
    def publish(self) -> None:
        if self._program.owner is self:
            self._copy(self._pattern, self._variables)
            self._program.owner = None

    def _take_the_program(self) -> None:
        """Make the program's variables this network's, if they are another's or older."""
        owner = self._program.owner
        if owner is not self:
            if owner is not None and owner._variables[0] is not self._variables[0]:
                owner.publish()  # of our own network it would be an older state
            self._copy(self._variables, self._pattern)
            self._program.owner = self

    def _copy(self, sources: list[Any], places: list[Any]) -> None:
        if self._variables[0] is not self._pattern[0]:
            for source, place in zip(sources, places, strict=True):
                place.assign(source.value)


class _Program:
    """Is the compiled training of one architecture.

    TensorFlow never lets go of what XLA compiled, so a process that trains often must not
    compile anew for every network: equal networks take turns on the variables of one. Its
    owner is the engine whose network's variables are behind.

    Args:
        network: Compiled, its optimiser built.
        settings: Outputs, loss and learning rate.
        compile_steps: Whether XLA may compile them.
    """

    def __init__(self, network: keras.Model, settings: Settings, *, compile_steps: bool) -> None:
        self.network, self._settings = network, settings
        self.owner: TensorFlowEngine | None = None
        twin = training_twin(network, from_logits=settings.from_logits)
        # XLA makes our own layers faster, and TensorFlow's convolutions in a loop slower
        compiled = compile_steps and not has_plain_convolutions(twin)
        self._twin = twin if compiled else with_fused_normalization(twin)
        self.block = tf.function(
            self._make_block, autograph=False, jit_compile=True if compiled else None
        )
        self.forward = tf.function(self._make_outputs, autograph=False)

    def _make_step(self, pixels: Any, targets: Any, batch: Any) -> Any:
        """Take one step; return its loss and how many answers were right."""
        images, wanted = take_batch(
            batch,
            lambda chosen: tf.cast(tf.gather(pixels, chosen), "float32"),
            lambda chosen: tf.gather(targets, chosen),
            self._settings.augmenter,
        )
        variables, optimizer = self.network.trainable_variables, self.network.optimizer
        with tf.GradientTape() as tape:
            logits = self._twin(images, training=True)
            loss, correct = batch_loss(logits, wanted, self._settings.smoothing)
            for penalty in self.network.losses:
                loss += penalty
            scaled = optimizer.scale_loss(loss)  # where 16 bits would lose small gradients
        gradients = tape.gradient(scaled, [variable.value for variable in variables])
        if self._settings.follows_rates:
            optimizer.learning_rate = batch[2]
        optimizer.apply(gradients, variables)
        return loss, correct

    def _make_block(self, pixels: Any, targets: Any, columns: Any, steps: Any) -> Any:
        def body(number: Any, losses: Any, correct: Any) -> Any:
            batch = [column[number] for column in columns]
            loss, right = self._make_step(pixels, targets, batch)
            return number + 1, losses.write(number, loss), correct.write(number, right)

        empty = [tf.TensorArray(tf.float32, size=STEPS, element_shape=()) for _ in range(2)]
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


_programs: OrderedDict[str, _Program] = OrderedDict()


def _program_for(network: keras.Model, settings: Settings, *, compile_steps: bool) -> _Program:
    """Return the program of an equal network that was trained before, or a new one.

    Without XLA nothing stays behind; of functions and layers other than Keras' own nobody can
    tell whether they are equal; and some optimisers cannot be copied.
    """
    own = partial(_Program, network, settings, compile_steps=compile_steps)
    if not compile_steps or network.count_params() > MOST_WEIGHTS:
        return own()
    if not is_told_by_config(network, network.optimizer):
        return own()
    try:
        optimizer = copy_optimizer(network.optimizer)
    except ModelError:
        return own()
    description = _describe(network, optimizer, settings)
    if description not in _programs:
        pattern = keras.models.clone_model(network)
        pattern.compile(optimizer=optimizer)
        optimizer.build(pattern.trainable_variables)
        if _shapes(pattern) != _shapes(network):  # a layer in two places may become two
            return own()
        _programs[description] = _Program(pattern, settings, compile_steps=compile_steps)
    _programs.move_to_end(description)
    while len(_programs) > KEPT_PROGRAMS:
        _programs.popitem(last=False)
    return _programs[description]


def _describe(network: keras.Model, optimizer: Any, settings: Settings) -> str:
    """Return all that a program depends on, and names only where something looks at them."""
    words = undecayed(optimizer)
    told = optimizer.get_config() | {"name": type(optimizer).__name__, "undecayed": words}
    kind, trained = type(network).__name__, network.trainable_variables
    if has_wiring(network) and type(optimizer) in _BLIND_TO_NAMES and not words:
        places = {id(variable): place for place, variable in enumerate(network.variables)}
        made: Any = [wiring_of(network), [places[id(variable)] for variable in trained]]
    else:
        made = [network.get_config(), [variable.path for variable in trained]]
    return json.dumps([kind, made, told, _shapes(network), str(settings)], default=str)


def _shapes(network: keras.Model) -> list[tuple[list[int], str]]:
    return [(list(variable.shape), str(variable.dtype)) for variable in _variables(network)]


def _variables(network: keras.Model) -> list[Any]:
    """Return all that training changes: weights, random states, the optimiser's state."""
    trained, others = network.trainable_variables, network.non_trainable_variables
    return [*trained, *others, *network.optimizer.variables]
