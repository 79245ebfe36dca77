"""Where the features of a network are: the input of its last layer with weights."""

from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

from tellapart.models.catalogue import BUILDERS, build_network
from tellapart.models.features import features_tensor, flatten_features
from tellapart.sections import ImageSpec

pytestmark = pytest.mark.core

layers = keras.layers


@pytest.mark.parametrize("name", BUILDERS)
def test_every_network_of_ours_has_features(name: str) -> None:
    network = build_network(name, ImageSpec(height=32, width=32), 4)
    assert features_tensor(network) is network.layers[-1].input


def test_layers_without_weights_at_the_end_are_passed_over() -> None:
    inputs = keras.Input((8, 8, 1))
    wanted = layers.Conv2D(4, 3)(inputs)
    outputs = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3)(wanted))
    network = keras.Model(inputs, layers.Softmax()(outputs))
    assert features_tensor(network) is wanted
    rows = flatten_features(np.ones((2, 6, 6, 4), np.float32))
    assert keras.ops.convert_to_numpy(rows).tolist() == [[1.0] * 4] * 2


def test_a_sequential_network_that_grew_layer_by_layer_has_features() -> None:
    network = keras.Sequential()
    for layer in (keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(5), layers.Dense(3)):
        network.add(layer)
    assert features_tensor(network).shape == (None, 5)


class _Other(keras.Model):  # type: ignore[misc]
    @override
    def call(self, inputs: Any) -> Any:
        return keras.ops.zeros((len(inputs), 3))


def test_where_features_cannot_be_told_there_are_none() -> None:
    inputs = keras.Input((8, 8, 1))
    flat = layers.Flatten()(inputs)
    two = layers.Add()([layers.Dense(3)(flat), layers.Dense(3)(flat)])
    assert features_tensor(keras.Model(inputs, two)) is None
    assert features_tensor(keras.Sequential([inputs, layers.Flatten()])) is None
    assert features_tensor(_Other(inputs, layers.Dense(3)(flat))) is None
