"""The guide's network, layer by layer."""

import keras
import numpy as np
import pytest

import tellapart
from tellapart.errors import ModelError
from tellapart.models.catalogue import build_network
from tellapart.models.guide_cnn import build_guide_cnn
from tellapart.sections import ImageSpec

pytestmark = pytest.mark.core


def _stock() -> keras.Model:
    """Return the network as the guide writes it, for pixels scaled to 0–1 beforehand."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def test_it_has_the_guides_layers_behind_the_scaling() -> None:
    ours, guides = build_guide_cnn(ImageSpec(), 10), _stock()
    assert isinstance(ours.layers[0], keras.layers.Rescaling)
    assert len(ours.layers) == len(guides.layers) + 1
    for mine, stock in zip(ours.layers[1:], guides.layers, strict=True):
        mine_config, stock_config = mine.get_config(), stock.get_config()
        mine_config.pop("name")
        stock_config.pop("name")
        assert type(mine) is type(stock)
        assert mine_config == stock_config
        assert mine.output.shape == stock.output.shape


def test_it_has_121_930_parameters() -> None:
    assert build_guide_cnn(ImageSpec(), 10).count_params() == 121_930


def test_with_the_same_weights_it_answers_as_the_guides_network_on_scaled_pixels() -> None:
    ours, guides = build_guide_cnn(ImageSpec(), 10), _stock()
    ours.set_weights(guides.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28, 1)).astype(np.uint8)
    found = keras.ops.convert_to_numpy(ours(pixels, training=False))
    wanted = keras.ops.convert_to_numpy(guides(pixels.astype("float32") / 255.0, training=False))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_build_returns_plain_keras_compiled_as_the_guide_does() -> None:
    network = tellapart.build("guide-cnn", learning_rate=0.002)
    assert type(network) is keras.Sequential
    assert isinstance(network.optimizer, keras.optimizers.Adam)
    assert float(network.optimizer.learning_rate) == pytest.approx(0.002)
    assert isinstance(network.loss, keras.losses.SparseCategoricalCrossentropy)


def test_images_too_small_to_pool_are_refused_with_the_fix() -> None:
    with pytest.raises(ModelError, match=r"8×8×1.*too small.*--set image\.height=28"):
        build_network("guide-cnn", ImageSpec(height=8, width=8), 10)


def test_an_unknown_name_is_refused_with_its_nearest_neighbour() -> None:
    with pytest.raises(tellapart.TellapartError, match="Did you mean 'guide-cnn'") as caught:
        tellapart.build("gide-cnn")
    assert caught.value.exit_code == 2


def test_one_class_is_refused() -> None:
    with pytest.raises(tellapart.TellapartError, match="at least 2. Received: 1"):
        tellapart.build(classes=1)
