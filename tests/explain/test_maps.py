"""Heat maps of networks whose evidence is known, since it was planted."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from tellapart._extras import is_installed
from tellapart.errors import ModelError, UsageError
from tellapart.explain.maps import Mapper, heat_maps, normalise
from tellapart.models.catalogue import BUILDERS, build_network
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
import patch_pictures as planted

pytestmark = pytest.mark.core

NAMES = ("compact-resnet", "guide-cnn", "nested")
SHAPE = (28, 28, 1)


@cache
def trained(name: str) -> keras.Model:
    pixels, classes, _ = planted.planted(600, seed=0)
    network = planted.build(name)
    planted.learn(network, pixels, classes, epochs=4)
    return network


@pytest.mark.parametrize("name", NAMES)
def test_the_hottest_pixel_lies_on_the_planted_patch(name: str) -> None:
    pixels, classes, corners = planted.planted(100, seed=1)
    maps = heat_maps(trained(name), pixels, classes)
    assert maps.shape == (100, 28, 28)
    assert maps.dtype == np.float32
    assert (maps.min(), maps.max()) == (0.0, 1.0)
    assert planted.hits(maps, corners) >= 0.9
    assert planted.shares(maps, corners) >= 3 * planted.SIDE**2 / 28**2


@pytest.mark.parametrize("name", NAMES)
def test_many_pictures_at_once_give_what_each_gives_alone(name: str) -> None:
    pixels, classes, _ = planted.planted(5, seed=2)
    mapper = Mapper(planted.build(name), SHAPE)
    alone = [mapper.maps(pixels[i : i + 1], classes[i : i + 1]) for i in range(5)]
    together = mapper.maps(pixels, classes)
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5 * together.max())
    assert mapper.maps(pixels[:0], classes[:0]).shape == (0, 28, 28)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_each_network_of_the_catalogue_is_mapped(name: str) -> None:
    pixels, classes, _ = planted.planted(2, seed=3)
    mapper = Mapper(build_network(name, ImageSpec(), 3), SHAPE)
    assert mapper.usual_method == ("cam" if name.endswith("resnet") else "hires-cam")
    assert np.isfinite(mapper.maps(pixels, classes)).all()


def test_the_three_methods_agree_where_the_head_is_a_mean_and_one_dense_layer() -> None:
    pixels, classes, _ = planted.planted(4, seed=4)
    mapper = Mapper(trained("compact-resnet"), SHAPE)
    cam, grad, hires = (
        normalise(mapper.maps(pixels, classes, method))
        for method in ("cam", "grad-cam", "hires-cam")
    )
    np.testing.assert_allclose(grad, cam, atol=1e-3)
    np.testing.assert_allclose(hires, cam, atol=1e-3)


def test_a_sure_answer_has_a_map_since_the_logit_is_asked_and_not_the_probability() -> None:
    """At a probability of exactly 1 the gradient of its logarithm is 0."""
    pixels, _, _ = planted.planted(3, seed=5)
    network = planted.build("guide-cnn")
    kernel, bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([kernel * 1e4, bias])
    maps = heat_maps(network, pixels, network.predict(pixels, verbose=0).argmax(axis=1))
    assert (maps.max(axis=(1, 2)) == 1.0).all()


def _with_output(kind: str) -> keras.Model:
    layers = keras.layers
    tails = {
        "dense": [layers.Dense(3, activation="softmax")],
        "activation": [layers.Dense(3), layers.Activation("softmax")],
        "softmax": [layers.Dense(3), layers.Softmax()],
        "logits": [layers.Dense(3)],
    }
    body = [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    network = keras.Sequential([keras.Input(SHAPE), *body, *tails[kind]])
    _set_weights(network)
    return network


def _set_weights(network: keras.Model) -> None:
    """Give a network the same weights on every backend."""
    generator = np.random.default_rng(7)
    weights = [generator.standard_normal(w.shape) for w in network.get_weights()]
    network.set_weights(
        [(0.5 + np.abs(w) if w.ndim == 1 else w / np.sqrt(np.prod(w.shape[:-1]))) for w in weights]
    )


@pytest.mark.parametrize("kind", ["activation", "softmax", "logits"])
def test_however_a_softmax_is_written_the_map_is_the_same(kind: str) -> None:
    pixels, classes, _ = planted.planted(3, seed=6)
    wanted = heat_maps(_with_output("dense"), pixels, classes)
    np.testing.assert_allclose(heat_maps(_with_output(kind), pixels, classes), wanted, atol=1e-5)


def test_a_network_is_left_as_it_was_and_its_new_weights_are_followed() -> None:
    pixels, classes, _ = planted.planted(2, seed=8)
    network = planted.build("guide-cnn")
    layers = [(layer.name, layer.output.shape) for layer in network.layers]
    mapper = Mapper(network, SHAPE)
    before = mapper.maps(pixels, classes)
    assert [(layer.name, layer.output.shape) for layer in network.layers] == layers
    _set_weights(network)
    assert not np.allclose(mapper.maps(pixels, classes), before)


def test_a_network_is_mapped_after_the_engine_called_its_layers_again() -> None:
    pixels, classes, _ = planted.planted(2, seed=8)
    network = planted.build("guide-cnn")
    inputs = outputs = keras.Input(SHAPE)
    for layer in network.layers:
        outputs = layer(outputs)
    assert keras.Model(inputs, outputs).output_shape == (None, 3)
    assert heat_maps(network, pixels, classes).max() == 1.0


def test_random_layers_of_a_users_network_do_nothing() -> None:
    pixels, classes, _ = planted.planted(2, seed=8)
    layers = keras.layers
    network = keras.Sequential(
        [
            *(keras.Input(SHAPE), layers.RandomTranslation(0.4, 0.4), layers.Conv2D(4, 3)),
            *(layers.Dropout(0.5), layers.GlobalAveragePooling2D(), layers.Dense(3)),
        ]
    )
    mapper = Mapper(network, SHAPE)
    assert mapper.usual_method == "cam"
    first, second = (mapper.maps(pixels, classes) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_head_of_two_dense_layers_has_no_class_activation_map() -> None:
    pixels, classes, _ = planted.planted(1, seed=0)
    with pytest.raises(ModelError, match="Fix: --method hires-cam"):
        heat_maps(planted.build("guide-cnn"), pixels, classes, "cam")


def test_a_network_without_rows_and_columns_is_refused_with_the_way_out() -> None:
    layers = [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(3)]
    with pytest.raises(ModelError, match="Fix: --method occlusion"):
        Mapper(keras.Sequential(layers), SHAPE)


def test_wrong_arguments_are_named() -> None:
    pixels, classes, _ = planted.planted(2, seed=0)
    mapper = Mapper(planted.build("guide-cnn"), SHAPE)
    with pytest.raises(UsageError, match="Did you mean 'grad-cam'"):
        mapper.maps(pixels, classes, "gradcam")
    with pytest.raises(UsageError, match="Pixels must be"):
        mapper.maps(pixels.astype(np.float32), classes)
    with pytest.raises(UsageError, match="from 0 to 2"):
        mapper.maps(pixels, np.array([0, 3]))


def maps_of_fixed_networks() -> dict[str, NDArray[np.float32]]:
    """Return maps of networks with the same weights in every process."""
    pixels, classes, _ = planted.planted(3, seed=9)
    found = {}
    for name in NAMES:
        network = planted.build(name)
        _set_weights(network)
        mapper = Mapper(network, SHAPE)
        for method in {mapper.usual_method, "grad-cam", "hires-cam"}:
            found[f"{name} {method}"] = normalise(mapper.maps(pixels, classes, method))
    return found


def test_the_backends_draw_the_same_maps(tmp_path: Path) -> None:
    here = keras.backend.backend()
    other = "jax" if here == "tensorflow" else "tensorflow"
    if not is_installed(other):
        pytest.skip(f"{other} is not installed")
    file = tmp_path / "maps.npz"
    code = (
        "import sys, numpy, test_maps;"
        "numpy.savez(sys.argv[1], **test_maps.maps_of_fixed_networks())"
    )
    folder = str(Path(__file__).parent)
    environment = os.environ | {
        "KERAS_BACKEND": other,
        "PYTHONPATH": os.pathsep.join([folder, *sys.path]),
    }
    subprocess.run([sys.executable, "-c", code, str(file)], check=True, env=environment)
    with np.load(file) as theirs:
        for name, ours in maps_of_fixed_networks().items():
            assert ours.max() == 1.0, name
            np.testing.assert_allclose(theirs[name], ours, atol=1e-4, err_msg=name)
