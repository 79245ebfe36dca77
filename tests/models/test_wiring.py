"""What a network is, whatever its layers are called: equal for equal ones only."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from tellapart.models.wiring import has_wiring, wiring_of

pytestmark = pytest.mark.core
layers = keras.layers


def _sequential(*inner: keras.layers.Layer) -> keras.Model:
    return keras.Sequential(
        [keras.Input((12, 12, 1)), *inner, layers.Flatten(), layers.Dense(2, name=None)]
    )


def _branches(swaps: bool = False, from_first: bool = False, slope: float = 0.0) -> keras.Model:
    """Return a network whose layers are the same, wired in one way or another."""
    inputs = keras.Input((12, 12, 1))
    one, other = layers.Conv2D(3, 3)(inputs), layers.Conv2D(3, 3)(inputs)
    bent = layers.ReLU(negative_slope=slope)(one)
    pair = [one if from_first else bent, other]
    both = layers.Subtract()(pair[::-1] if swaps else pair)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(both)))


def _nested(filters: int = 3, deep: bool = False) -> keras.Model:
    inner = keras.Sequential([keras.Input((12, 12, 1)), layers.Conv2D(filters, 3)])
    return _sequential(keras.Sequential([keras.Input((12, 12, 1)), inner]) if deep else inner)


def _shared(times: int = 2) -> keras.Model:
    inputs = keras.Input((12, 12, 1))
    layer, found = layers.Dense(1), inputs
    for _ in range(times):
        found = layer(found)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(found)))


def _divided(by: float = 2.0) -> keras.Model:
    inputs = keras.Input((12, 12, 1))
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(inputs)) / by)


def _frozen() -> keras.Model:
    network = _branches()
    network.layers[1].trainable = False
    return network


BUILDERS: dict[str, Callable[[], keras.Model]] = {
    "plain": lambda: _sequential(layers.Conv2D(3, 3)),
    "two": lambda: _sequential(layers.Conv2D(3, 3), layers.Conv2D(3, 3)),
    "activation": lambda: _sequential(layers.Conv2D(3, 3, activation="relu")),
    "penalty": lambda: _sequential(layers.Conv2D(3, 3, kernel_regularizer="l2")),
    "stride": lambda: _sequential(layers.Conv2D(3, 3, strides=2)),
    "16 bits": lambda: _sequential(layers.Conv2D(3, 3, dtype="mixed_bfloat16")),
    "dropout": lambda: _sequential(layers.Conv2D(3, 3), layers.Dropout(0.1)),
    "more dropout": lambda: _sequential(layers.Conv2D(3, 3), layers.Dropout(0.2)),
    "branches": _branches,
    "swapped": lambda: _branches(swaps=True),
    "from first": lambda: _branches(from_first=True),
    "slope": lambda: _branches(slope=0.1),
    "frozen": _frozen,
    "nested": _nested,
    "nested, wider": lambda: _nested(4),
    "nested twice": lambda: _nested(deep=True),
    "shared": _shared,
    "shared thrice": lambda: _shared(3),
    "divided": _divided,
    "divided by more": lambda: _divided(4.0),
}


def test_networks_have_equal_wiring_if_they_are_built_alike_and_else_another() -> None:
    found: dict[str, Any] = {name: wiring_of(build()) for name, build in BUILDERS.items()}
    for name, build in BUILDERS.items():
        again = wiring_of(build())
        assert [other for other, wiring in found.items() if wiring == again] == [name]


def test_names_that_people_give_count_as_little_as_those_that_keras_counts_on() -> None:
    named = layers.Conv2D(3, 3, name="first")
    assert wiring_of(_sequential(named)) == wiring_of(BUILDERS["plain"]())


def test_a_network_of_ones_own_kind_is_not_told_by_its_layers() -> None:
    class Own(keras.Sequential):  # type: ignore[misc]
        """Might do anything."""

    assert has_wiring(_branches())
    assert has_wiring(BUILDERS["plain"]())
    assert not has_wiring(Own([keras.Input((3,)), layers.Dense(2)]))
