"""Fused batch normalisation: the steps and running means of Keras, by one operation."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("TensorFlow's own operation", allow_module_level=True)

from tellapart.train.engines.normalised import FusedNormalization, with_fused_normalization

SMALL = np.random.default_rng(0).normal(3.0, 2.0, (2, 3, 3, 4)).astype(np.float32)
"""So few numbers a channel that the two ways to reckon a variance differ by a twentieth."""


def _network(norm: keras.layers.Layer) -> keras.Model:
    inputs = keras.Input((3, 3, 4))
    return keras.Model(inputs, keras.layers.ReLU()(norm(inputs)))


def _step(network: keras.Model, called: keras.Model) -> list[Any]:
    """Return output, gradients and all variables after one step in training, and an answer."""
    import tensorflow as tf

    with tf.GradientTape() as tape:
        outputs = called(tf.constant(SMALL), training=True)
        loss = tf.reduce_sum(outputs**2)
    trained = [variable.value for variable in network.trainable_variables]
    gradients = [np.asarray(found) for found in tape.gradient(loss, trained)]
    answer = np.asarray(called(tf.constant(SMALL), training=False))
    return [np.asarray(outputs), *gradients, *network.get_weights(), answer]


@pytest.mark.parametrize("named", [{}, {"scale": False}, {"center": False}, {"momentum": 0.5}])
def test_it_gives_the_output_gradients_and_running_means_of_keras(named: dict[str, Any]) -> None:
    plain, ours = (_network(keras.layers.BatchNormalization(**named)) for _ in range(2))
    fused = with_fused_normalization(ours)
    assert any(isinstance(layer, FusedNormalization) for layer in fused.layers)
    for one, other in zip(_step(plain, plain), _step(ours, fused), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-4)


def test_a_frozen_one_keeps_its_running_means_as_in_keras() -> None:
    norm = keras.layers.BatchNormalization(trainable=False)
    network = _network(norm)
    fused = with_fused_normalization(network)
    before = network.get_weights()
    found = np.asarray(fused(SMALL, training=True))
    np.testing.assert_array_equal(found, np.asarray(network(SMALL, training=True)))
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "norm",
    [
        lambda: keras.layers.BatchNormalization(axis=1),
        lambda: keras.layers.BatchNormalization(dtype="mixed_bfloat16"),
        lambda: keras.layers.BatchNormalization(activity_regularizer="l2"),
        lambda: keras.layers.LayerNormalization(),
    ],
    ids=["over rows", "16 bits", "with a penalty", "another layer"],
)
def test_what_the_operation_cannot_do_is_left_to_keras(
    norm: Callable[[], keras.layers.Layer],
) -> None:
    network = _network(norm())
    assert with_fused_normalization(network) is network


def test_a_users_layer_may_have_the_name_that_a_fused_one_would_have() -> None:
    inputs = keras.Input((3, 3, 4))
    first = keras.layers.BatchNormalization(name="bn")(inputs)
    second = keras.layers.BatchNormalization(name="bn_fused")(first)
    fused = with_fused_normalization(keras.Model(inputs, second))
    assert sum(isinstance(layer, FusedNormalization) for layer in fused.layers) == 2
