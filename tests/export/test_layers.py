"""Layers beyond those of our own networks: written as ONNX, or refused by name."""

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from typing_extensions import override

import networks
from tellapart.data.dataset import Dataset
from tellapart.export.activations import ACTIVATIONS
from tellapart.export.formats import FORMATS
from tellapart.export.onnx import to_onnx
from tellapart.export.twin import with_twin
from tellapart.predict.onnx_runtime import open_onnx
from tellapart.sections import ImageSpec

SPEC = ImageSpec(height=23, width=18, channels=3)


@keras.saving.register_keras_serializable("tests")  # type: ignore[untyped-decorator]
def relu(value: Any) -> Any:
    """Return something else than Keras' function of this name."""
    return 2 * value


@keras.saving.register_keras_serializable("tests")
class Twice(keras.Sequential):  # type: ignore[misc]
    """Is put together like a network of Keras, and computes otherwise."""

    @override
    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        return 2 * super().call(inputs)


BODIES: dict[str, list[Any]] = {
    "strides, same": [layers.Conv2D(4, (3, 2), strides=(2, 3), padding="same")],
    "strides, valid": [layers.Conv2D(4, 4, strides=3)],
    "dilated": [layers.Conv2D(4, 3, dilation_rate=(2, 3), padding="same", activation="silu")],
    "in groups": [layers.Conv2D(6, 1), layers.Conv2D(4, 3, groups=2, activation="tanh")],
    "by depth": [layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same")],
    "unbiased": [layers.Conv2D(4, 3, use_bias=False, activation="leaky_relu")],
    "pools": [
        layers.MaxPooling2D((3, 2), strides=(2, 3), padding="same"),
        layers.AveragePooling2D(3, strides=2, padding="same"),
    ],
    "zeros around": [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Conv2D(4, 3)],
    "normalised": [layers.BatchNormalization(scale=False), layers.BatchNormalization(center=False)],
    "rectified": [
        layers.Conv2D(4, 3),
        layers.ReLU(max_value=0.4, negative_slope=0.1),
        layers.Conv2D(4, 3),
        layers.LeakyReLU(0.2),
        layers.Activation("elu"),
    ],
    "dropped": [layers.SpatialDropout2D(0.3), layers.GaussianNoise(0.5), layers.Dropout(0.5)],
    "scaled in rows": [
        layers.GlobalAveragePooling2D(),
        layers.Rescaling([2.0, 1.0, 0.5], offset=[0.0, 0.1, 0.2]),
    ],
    "scaled by channel": [layers.Rescaling([0.5, 1.0, 2.0], offset=[0.1, 0.0, -0.1])],
    "nested": [
        keras.Sequential(
            [keras.Input(SPEC.shape), layers.Conv2D(4, 3), layers.Conv2D(4, 3, activation="selu")]
        )
    ],
}

ENDS: dict[str, list[Any]] = {
    "flat": [layers.Flatten(), layers.Dense(8, activation="softplus"), layers.Dense(5, "softmax")],
    "softmax apart": [layers.GlobalAveragePooling2D(), layers.Dense(5), layers.Softmax()],
    "softmax as an activation": [
        layers.GlobalMaxPooling2D(),
        layers.Dense(5),
        layers.Activation("softmax"),
    ],
    "logits": [layers.Flatten(), layers.Dense(5)],
    "no last Dense": [
        layers.Conv2D(5, 3),
        layers.GlobalAveragePooling2D(),
        layers.Activation("softmax"),
    ],
    "sigmoids that sum to something": [layers.Flatten(), layers.Dense(5, activation="sigmoid")],
    "softmax of softmax": [layers.Flatten(), layers.Dense(5, "softmax"), layers.Softmax()],
}


def _network(body: list[Any], end: list[Any]) -> Any:
    parts = [keras.Input(SPEC.shape), layers.Rescaling(1 / 255), *body, *end]
    copies = [part if i == 0 else _copy(part) for i, part in enumerate(parts)]
    return networks.stir(keras.Sequential(copies))


def _copy(layer: Any) -> Any:
    """Return a new layer of the same settings, so that no test builds another one's."""
    return type(layer).from_config(layer.get_config())


def _assert_alike(network: Any, fashion: Dataset) -> None:
    images = networks.images_for(fashion, SPEC)
    plain = networks.bundle_without_rules("custom", network, SPEC, images)
    bundle = with_twin(plain, network, pytest.fail)
    found = open_onnx(bundle).answers(images)
    wanted = networks.runtime_of(network, bundle.manifest.architecture.output).answers(images)
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=1e-5)
    assert (found.features is None) == (wanted.features is None)
    if found.features is not None and wanted.features is not None:
        np.testing.assert_allclose(found.features, wanted.features, rtol=1e-4, atol=1e-5)
    assert np.ptp(found.probabilities, axis=0).max() > 0.01


@pytest.mark.parametrize("body", sorted(BODIES))
def test_a_layer_is_written_as_it_computes(body: str, fashion: Dataset) -> None:
    _assert_alike(_network(BODIES[body], ENDS["flat"]), fashion)


@pytest.mark.parametrize("end", sorted(ENDS))
def test_whatever_a_network_ends_in_becomes_probabilities_and_features(
    end: str, fashion: Dataset
) -> None:
    _assert_alike(_network([layers.Conv2D(4, 3, activation="relu")], ENDS[end]), fashion)


@pytest.mark.parametrize("name", sorted({*ACTIVATIONS, "silu", "linear"} - {"softmax"}))
def test_each_activation_is_written_as_it_computes(name: str, fashion: Dataset) -> None:
    _assert_alike(
        _network([layers.Conv2D(4, 3, strides=2, activation=name)], ENDS["flat"]), fashion
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("end", sorted(set(ENDS) - {"no last Dense"}))
def test_logits_are_those_behind_the_probabilities_whatever_the_temperature(
    end: str, fashion: Dataset, tmp_path: Path
) -> None:
    network = _network([layers.Conv2D(4, 3, activation="relu")], ENDS[end])
    images = networks.images_for(fashion, SPEC)
    bundle = networks.bundle_of("custom", network, SPEC, images)
    (tmp_path / "a.onnx").write_bytes(to_onnx(bundle, network))
    found = FORMATS["onnx"].open(tmp_path / "a.onnx")(images)
    np.testing.assert_allclose(_softmax(found["logits"]), bundle.golden.probabilities, atol=1e-5)
    cooled = _softmax(found["logits"] / networks.TEMPERATURE)
    np.testing.assert_allclose(found["probabilities"], cooled, atol=1e-5)


def test_a_layer_whose_calls_wait_for_others_is_written(fashion: Dataset) -> None:
    given = keras.Input(SPEC.shape)
    twice = layers.Conv2D(4, 3, padding="same", activation="tanh")
    first = twice(layers.Rescaling([1 / 255] * 3)(given))
    again = twice(layers.Conv2D(3, 3, padding="same", activation="tanh")(first))
    found = layers.Dense(5, "softmax")(layers.Flatten()(layers.Add()([first, again])))
    _assert_alike(networks.stir(keras.Model(given, found)), fashion)


def test_branches_that_meet_again_are_written(fashion: Dataset) -> None:
    given = keras.Input(SPEC.shape)
    scaled = layers.Rescaling(1 / 255)(given)
    shared = layers.Conv2D(4, 3, padding="same", activation="relu")
    one = shared(scaled)
    other = layers.Conv2D(4, 5, padding="same")(scaled)
    found = layers.Add()([one, other, one])
    found = layers.Concatenate()([found, scaled])
    found = layers.Dense(5, "softmax")(layers.GlobalAveragePooling2D()(found))
    _assert_alike(networks.stir(keras.Model(given, found)), fashion)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([layers.LayerNormalization(name="ln")], "ln (LayerNormalization)"),
        ([layers.ReLU(threshold=0.5, name="r")], "r (ReLU with a threshold)"),
        ([layers.Conv2D(4, 3, activation="hard_tanh", name="c")], "c (activation hard_tanh)"),
        ([layers.Dense(4, name="d")], "d (Dense over pictures)"),
        ([layers.Softmax(name="s")], "s (softmax over pictures)"),
        ([layers.BatchNormalization(axis=1, name="n")], "n (normalises axis 1)"),
        ([layers.Conv2D(4, 3, activation=relu, name="o")], "o (activation relu of its own)"),
        ([Twice([layers.Conv2D(3, 1)], name="t")], "t (with a call of its own)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_layer_that_is_not_known_is_refused_by_name(
    body: list[Any], named: str, fashion: Dataset
) -> None:
    network = _network(body, ENDS["flat"])
    images = networks.images_for(fashion, SPEC)
    said: list[str] = []
    found = with_twin(
        networks.bundle_without_rules("custom", network, SPEC, images), network, said.append
    )
    assert found.twin is None
    assert said[0].endswith(f"{named}.")


def test_an_operation_between_layers_is_refused_by_name(fashion: Dataset) -> None:
    given = keras.Input(SPEC.shape)
    found = layers.Flatten()(layers.Rescaling(1 / 255)(given) + 1.0)
    network = networks.stir(keras.Model(given, layers.Dense(5, "softmax")(found), name="mine"))
    images = networks.images_for(fashion, SPEC)
    said: list[str] = []
    found = with_twin(
        networks.bundle_without_rules("custom", network, SPEC, images), network, said.append
    )
    assert found.twin is None
    assert re.search(r"mine/add\w* \(an operation, not a layer\)", said[0])
