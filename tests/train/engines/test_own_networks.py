"""Networks of the user's own: what they say about training is done, by whichever engine."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.errors import ModelError
from tellapart.train.engines.choice import open_engine
from tellapart.train.engines.plain import PlainEngine
from tellapart.train.engines.protocol import STEPS, Epoch, Settings, cut_block

pytestmark = pytest.mark.core

LOSS = "sparse_categorical_crossentropy"
RATES = np.full(STEPS, 0.01, np.float32)


def _part() -> Part:
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (128, 28, 28, 1)).astype(np.uint8)
    return Part(pixels, draw.integers(0, 10, 128))


def _with_two_heads() -> keras.Model:
    """Return a network whose output is an operation, with a layer of softmax before it."""
    inputs = keras.Input((28, 28, 1))
    flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    one, other = (keras.layers.Dense(10, activation="softmax")(flat) for _ in range(2))
    network = keras.Model(inputs, (one + other) / 2.0)
    network.compile("adam", LOSS, metrics=["accuracy"])
    return network


def _with_layers(*layers: keras.layers.Layer, optimizer: Any = "adam") -> keras.Model:
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 255),
            *layers,
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(optimizer, LOSS, metrics=["accuracy"])
    return network


def _with_penalty() -> keras.Model:
    """Return a network that is punished for what comes out of a layer that has a faster twin."""
    return _with_layers(
        keras.layers.Conv2D(4, 3, activation="relu", activity_regularizer="l2"),
        keras.layers.MaxPooling2D(2),
    )


def _with_undecayed_biases() -> keras.Model:
    optimizer = keras.optimizers.SGD(0.01, weight_decay=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return _with_layers(
        keras.layers.Conv2D(4, 3, bias_initializer="ones"),
        keras.layers.MaxPooling2D(2),
        optimizer=optimizer,
    )


class _WarmUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """Is a schedule as people write it, without a config."""

    @override
    def __call__(self, step: Any) -> Any:
        return 0.001 * keras.ops.minimum(1.0, (keras.ops.cast(step, "float32") + 1) / 4)


def _with_schedule() -> keras.Model:
    return _with_layers(
        keras.layers.Conv2D(4, 3),
        keras.layers.MaxPooling2D(2),
        optimizer=keras.optimizers.Adam(_WarmUp()),
    )


def _with_scaled_loss() -> keras.Model:
    """Return a network as Keras compiles those in float16: its gradients come scaled."""
    scaling = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01))
    return _with_layers(keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(2), optimizer=scaling)


@pytest.mark.parametrize(
    "build",
    [_with_two_heads, _with_penalty, _with_undecayed_biases, _with_schedule, _with_scaled_loss],
)
def test_a_compiled_engine_takes_the_steps_that_keras_takes(
    build: Callable[[], keras.Model],
) -> None:
    part, found = _part(), []
    settings = Settings(follows_rates=build is not _with_schedule)
    for kind in (open_engine, PlainEngine):
        keras.utils.set_random_seed(0)
        network = build()
        engine = kind(network, part, settings)
        assert isinstance(engine, PlainEngine) == (kind is PlainEngine)
        engine.train(cut_block(Epoch(np.arange(128)), 0, 32, RATES))
        engine.publish()
        found.append(network.get_weights())
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3)


class _Focal(keras.losses.SparseCategoricalCrossentropy):  # type: ignore[misc]
    """Weighs down what is answered rightly (Lin et al. 2017)."""

    @override
    def call(self, y_true: Any, y_pred: Any) -> Any:
        losses = super().call(y_true, y_pred)
        return losses * (1.0 - keras.ops.exp(-losses)) ** 2


class _OwnCall(keras.Sequential):  # type: ignore[misc]
    """Does something else than its layers say."""

    @override
    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return super().call(inputs[:, ::-1], training, mask)


class _OwnLoss(keras.Sequential):  # type: ignore[misc]
    """Is trained by something else than its loss says."""

    @override
    def compute_loss(self, *given: Any, **named: Any) -> Any:
        return 2.0 * super().compute_loss(*given, **named)


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        (keras.Sequential, _Focal()),
        (keras.Sequential, keras.losses.SparseCategoricalCrossentropy(reduction="sum")),
        (_OwnCall, LOSS),
        (_OwnLoss, LOSS),
    ],
    ids=["subclass of the loss", "sum", "call", "compute_loss"],
)
def test_what_is_the_users_own_is_left_to_keras(kind: type[keras.Sequential], loss: Any) -> None:
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    network = kind([keras.Input((28, 28, 1)), *layers])
    network.compile("sgd", loss, metrics=["accuracy"])
    assert isinstance(open_engine(network, _part(), Settings()), PlainEngine)


def test_an_engine_that_was_broken_off_leaves_a_restored_network_alone() -> None:
    part, network = _part(), _with_layers(keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(2))
    block = cut_block(Epoch(np.arange(128)), 0, 32, RATES)
    broken_off = open_engine(network, part, Settings())
    before = [np.array(weight) for weight in network.get_weights()]
    broken_off.train(block)  # and never publishes
    network.set_weights(before)
    open_engine(network, part, Settings()).train(cut_block(Epoch(np.arange(32)), 0, 32, 0 * RATES))
    engine = open_engine(network, part, Settings())
    engine.publish()
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_function_that_was_changed_under_its_name_is_trained_as_it_is_now() -> None:
    def network_of(slope: float) -> keras.Model:
        def bend(inputs: Any) -> Any:
            return slope * keras.ops.relu(inputs)

        keras.utils.set_random_seed(0)
        layers = keras.layers
        named = [
            keras.Input((28, 28, 1), name="image"),
            layers.Rescaling(1 / 255, name="scale"),
            layers.Flatten(name="flat"),
            layers.Dense(8, activation=bend, name="bent"),
            layers.Dense(10, activation="softmax", name="last"),
        ]
        network = keras.Sequential(named, name="same")
        network.compile("sgd", LOSS, metrics=["accuracy"])
        return network

    moved = []
    for slope in (1.0, 0.0):
        network = network_of(slope)
        before = network.get_weights()[0]
        engine = open_engine(network, _part(), Settings())
        engine.train(cut_block(Epoch(np.arange(128)), 0, 32, RATES))
        engine.publish()
        moved.append(not np.array_equal(before, network.get_weights()[0]))
    assert moved == [True, False]


def test_steps_that_tell_no_accuracy_are_refused_with_the_fix() -> None:
    flat, last = keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")
    network = keras.Sequential([keras.Input((28, 28, 1)), flat, last])
    network.compile("sgd", LOSS)  # as a training step of one's own may leave its metrics out
    engine = PlainEngine(network, _part(), Settings())
    with pytest.raises(ModelError, match=r"must return `loss` and `accuracy`.*Fix: return"):
        engine.train(cut_block(Epoch(np.arange(32)), 0, 32, RATES))
