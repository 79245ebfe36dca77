"""Weights of networks of one's own: each finds its place in a network that is built anew."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

import tellapart
from tellapart.bundle import open_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, ModelError
from tellapart.models.custom import check_can_be_rebuilt, fresh_copy
from tellapart.models.weights import load_own_weights, own_weights_of, weights_of

pytestmark = pytest.mark.core
layers = keras.layers


@keras.saving.register_keras_serializable("tests.weights")
class _Halves(keras.layers.Layer):  # type: ignore[misc]
    """Holds two layers of one shape that nobody named.

    Args:
        swaps: Whether they are made in another order when the layer is made anew.
    """

    def __init__(self, swaps: bool = False, **settings: Any) -> None:
        super().__init__(**settings)
        self.swaps = swaps
        if swaps:
            self.right = keras.layers.Dense(4)
        self.left = keras.layers.Dense(4)
        if not swaps:
            self.right = keras.layers.Dense(4)

    @override
    def build(self, input_shape: Any) -> None:
        self.left.build(input_shape)
        self.right.build(input_shape)

    @override
    def call(self, inputs: Any) -> Any:
        return self.left(inputs) - 3.0 * self.right(inputs)

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "swaps": True}


@keras.saving.register_keras_serializable("tests.weights")
class _SameHalves(_Halves):
    """Is made anew as it was."""

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "swaps": False}


def _sequential(*inner: keras.layers.Layer) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            *inner,
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def _functional() -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    rows = layers.Reshape((28, 28))(layers.Rescaling(1 / 255)(inputs))
    each = layers.TimeDistributed(layers.Dense(3))(rows)
    return keras.Model(inputs, layers.Dense(10)(layers.Flatten()(each)))


NETWORKS: dict[str, Callable[[], keras.Model]] = {
    "time distributed": lambda: _sequential(layers.TimeDistributed(layers.Dense(3))),
    "bidirectional": lambda: _sequential(
        layers.Reshape((28, 28)), layers.Bidirectional(layers.LSTM(4))
    ),
    "spectral": lambda: _sequential(layers.SpectralNormalization(layers.Conv2D(4, 3))),
    "functional": _functional,
    "nested": lambda: _sequential(
        keras.Sequential([layers.Conv2D(4, 3), layers.TimeDistributed(layers.Dense(3))])
    ),
    "own": lambda: _sequential(layers.Reshape((28, 28)), _SameHalves()),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_layer_in_a_layer_keeps_its_weights_when_the_network_is_built_anew(kind: str) -> None:
    network = NETWORKS[kind]()
    check_can_be_rebuilt(network)
    again = fresh_copy(network)
    load_own_weights(again, own_weights_of(network))
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1)).astype(np.uint8)
    wanted, found = (
        keras.ops.convert_to_numpy(each(pixels, training=False)) for each in (network, again)
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["time distributed", "spectral"])
def test_a_network_with_a_wrapper_is_trained_saved_opened_and_gone_on_with(
    kind: str, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    network = NETWORKS[kind]()
    run = tellapart.train(slice_of_fashion, model=network, epochs=1, output=tmp_path, quiet=True)
    opened = tellapart.open_model(run.path / "model.tellapart", trust=True)
    assert opened.replay_golden().passed
    for one, other in zip(opened.network.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    before = open_bundle(run.path / "model.tellapart").weights
    for name in ("model.tellapart", "evaluation.json"):
        (run.path / name).unlink()
    tellapart.train(slice_of_fashion, model=NETWORKS[kind](), resume=run.path, quiet=True)
    after = open_bundle(run.path / "model.tellapart").weights
    assert len(before) == len(after)
    by_place = [sorted(found, key=lambda n: int(n.split("#")[1])) for found in (before, after)]
    for one, other in zip(*by_place, strict=True):
        np.testing.assert_array_equal(before[one], after[other])


def test_a_network_whose_weights_change_places_is_refused_before_training() -> None:
    network = _sequential(layers.Reshape((28, 28)), _Halves())
    with pytest.raises(ModelError, match=r"answers otherwise.*in the same order"):
        check_can_be_rebuilt(network)


@keras.saving.register_keras_serializable("tests.weights")
class _Forgetful(keras.layers.Dense):  # type: ignore[misc]
    """Does not tell whether it has a bias."""

    @override
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "use_bias": False}


def test_a_network_that_has_other_weights_when_built_anew_is_refused_before_training() -> None:
    with pytest.raises(ModelError, match=r"another one.*do not belong.*forgetful/bias"):
        check_can_be_rebuilt(_sequential(_Forgetful(3)))


def _renamed(weights: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {name.replace(old, new): value for name, value in weights.items()}


@pytest.mark.parametrize("kind", NETWORKS)
def test_weights_of_another_network_are_refused_and_change_nothing(kind: str) -> None:
    network = NETWORKS[kind]()
    before = [np.array(weight) for weight in network.get_weights()]
    weights = {name: 2 * value for name, value in own_weights_of(network).items()}
    last = f"#{len(weights) - 1}"
    foreign = [
        {name: value for name, value in weights.items() if not name.endswith(last)},
        {**weights, f"dense/bias#{len(weights)}": np.zeros(3, np.float32)},
        _renamed(weights, f"bias{last}", f"scale{last}"),
        _renamed(weights, f"/bias{last}", f"_of_others/bias{last}"),
        _renamed(weights, last, "#1000"),
        _renamed(weights, last, "#-1"),
        {n: value[..., None] if n.endswith(last) else value for n, value in weights.items()},
        weights_of(NETWORKS["functional"]()),
        {},
    ]
    for each in foreign:
        with pytest.raises(BundleError, match="do not (belong to|fit) this network"):
            load_own_weights(network, each)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_weights_are_told_by_their_paths_where_the_order_is_another() -> None:
    network = _sequential(layers.Dense(28), layers.Dense(28))
    weights = own_weights_of(network)
    first, second = (name.split("/")[0] for name in list(weights)[:4:2])
    turned = {
        name.replace("#0", "#a").replace("#2", "#0").replace("#a", "#2"): value
        for name, value in weights.items()
    }
    assert first != second
    load_own_weights(network, {name: value + 1 for name, value in turned.items()})
    for old, new in zip(weights.values(), network.get_weights(), strict=True):
        np.testing.assert_allclose(new, old + 1)


def test_weights_that_were_written_without_places_still_find_theirs() -> None:
    network = _sequential(layers.Conv2D(4, 3))
    old = {name: value + 1 for name, value in weights_of(network).items()}
    load_own_weights(network, old)
    for name, value in weights_of(network).items():
        np.testing.assert_array_equal(value, old[name])
