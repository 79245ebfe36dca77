"""Engines: the same steps as Keras' own, in blocks."""

import keras
import numpy as np
import pytest

from tellapart.data.prepare import Part
from tellapart.errors import ModelError
from tellapart.models.catalogue import build_network, compile_network
from tellapart.sections import AugmentSection, ImageSpec, OptimizerSection
from tellapart.train.augment import draw_changes
from tellapart.train.engines.choice import open_engine
from tellapart.train.engines.plain import PlainEngine
from tellapart.train.engines.pooled import PooledConvolution, can_stand_for
from tellapart.train.engines.protocol import STEPS, Engine, Epoch, Settings, cut_block

pytestmark = pytest.mark.core

RATES = np.full(STEPS, 0.001, np.float32)


def _part(count: int = 200) -> Part:
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (count, 28, 28, 1)).astype(np.uint8)
    return Part(pixels, draw.integers(0, 10, count))


def _network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return compile_network(build_network("guide-cnn", ImageSpec(), 10), OptimizerSection())


def _train(engine: Engine, count: int) -> list[float]:
    losses, first = [], 0
    while first < count:
        block = cut_block(Epoch(np.arange(count)), first, 32, RATES)
        losses += engine.train(block).losses.tolist()
        first += block.samples
    return losses


def test_the_compiled_engine_takes_the_steps_that_keras_takes() -> None:
    part, ours, keras_own = _part(), _network(), _network()
    fast = open_engine(ours, part, Settings())
    assert not isinstance(fast, PlainEngine)
    plain = PlainEngine(keras_own, part, Settings())
    np.testing.assert_allclose(_train(fast, 200), _train(plain, 200), rtol=2e-4)
    assert fast.score(part) == pytest.approx(plain.score(part), rel=1e-3)
    for one, other in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def _branched() -> keras.Model:
    """Return a functional network whose convolutions no faster layer stands for."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((28, 28, 1))
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    wide = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(scaled)
    # a bias before a normalisation has no gradient but rounding, which Adam makes whole steps of
    narrow = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(wide)
    both = keras.layers.Add()([wide, narrow])
    flat = keras.layers.GlobalAveragePooling2D()(keras.layers.BatchNormalization()(both))
    network = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(flat))
    return compile_network(network, OptimizerSection())


def test_a_branched_network_with_plain_convolutions_takes_the_steps_that_keras_takes() -> None:
    part, ours, keras_own = _part(192), _branched(), _branched()
    fast = open_engine(ours, part, Settings())
    assert not isinstance(fast, PlainEngine)
    plain = PlainEngine(keras_own, part, Settings())
    np.testing.assert_allclose(_train(fast, 192), _train(plain, 192), rtol=2e-4)
    fast.publish()
    for one, other in zip(ours.get_weights(), keras_own.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_smoothing_is_refused_where_the_networks_own_loss_decides() -> None:
    with pytest.raises(ModelError, match=r"must be 0 .* Received: 0\.1\. Fix: --set"):
        PlainEngine(_network(), _part(), Settings(smoothing=0.1))


def test_a_network_with_its_own_training_step_keeps_it() -> None:
    class Own(keras.Sequential):  # type: ignore[misc]
        """Has a step of its own."""

        def train_step(self, *arguments: object) -> object:
            return super().train_step(*arguments)

    network = Own([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    network.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    assert isinstance(open_engine(network, _part(), Settings(from_logits=True)), PlainEngine)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("channels", [1, 3, 8])
@pytest.mark.parametrize("size", [9, 12])
def test_a_pooled_convolution_gives_what_the_two_layers_give(
    padding: str, channels: int, size: int
) -> None:
    keras.utils.set_random_seed(1)
    convolution = keras.layers.Conv2D(6, 3, padding=padding, activation="relu")
    pool = keras.layers.MaxPooling2D(2)
    images = np.random.default_rng(2).normal(size=(4, size, size, channels)).astype(np.float32)
    expected = keras.ops.convert_to_numpy(pool(convolution(images)))
    assert can_stand_for(convolution, pool)
    found = keras.ops.convert_to_numpy(PooledConvolution(convolution)(images))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("convolution", "pool"),
    [
        (keras.layers.Conv2D(4, 3, strides=2), keras.layers.MaxPooling2D(2)),
        (keras.layers.Conv2D(4, 3, activation="gelu"), keras.layers.MaxPooling2D(2)),
        (keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(3)),
        (keras.layers.Conv2D(4, 3), keras.layers.AveragePooling2D(2)),
        (keras.layers.Conv2D(4, 3), keras.layers.MaxPooling2D(2, padding="same")),
    ],
    ids=["stride", "gelu", "pool of 3", "average", "same"],
)
def test_layers_that_would_give_something_else_are_left_alone(
    convolution: keras.layers.Layer, pool: keras.layers.Layer
) -> None:
    assert not can_stand_for(convolution, pool)


def test_a_short_last_batch_is_filled_with_samples_that_do_not_count() -> None:
    block = cut_block(Epoch(np.arange(70)), 0, 32, RATES)
    assert block.chosen.shape == (3, 32)
    assert block.samples == 70
    assert block.weights.sum() == 70
    assert block.weights[2, 6:].sum() == 0
    assert block.chosen[block.weights > 0].tolist() == list(range(70))


def test_class_weights_follow_their_samples() -> None:
    weights = np.linspace(1.0, 2.0, 50, dtype=np.float32)
    order = np.random.default_rng(0).permutation(50)
    block = cut_block(Epoch(order, class_weights=weights), 16, 16, RATES)
    np.testing.assert_allclose(block.weights.ravel()[:34], weights[order[16:]])


def test_each_part_of_a_mixed_sample_counts_by_the_weight_of_its_own_class() -> None:
    class_weights = np.linspace(1.0, 3.0, 50, dtype=np.float32)
    changes = draw_changes(AugmentSection(mixup=0.8), ImageSpec(), 0, 0, 50)
    before = changes.numbers.copy()
    block = cut_block(Epoch(np.arange(50), changes, class_weights), 0, 50, RATES)
    share, target, weight = block.numbers[0, :, 6], block.numbers[0, :, 7], block.weights[0]
    np.testing.assert_allclose(weight * target, share * class_weights, rtol=1e-6)
    others = (1 - share) * class_weights[block.partners[0]]
    np.testing.assert_allclose(weight * (1 - target), others, atol=1e-6)
    np.testing.assert_array_equal(changes.numbers, before)  # the next epoch's block cuts anew


def test_what_was_trained_is_in_the_network_once_published_and_equal_networks_take_turns() -> None:
    part = _part()
    networks = [_network(), _network()]
    engines = [open_engine(network, part, Settings()) for network in networks]
    before = [weight.copy() for weight in networks[0].get_weights()]
    _train(engines[0], 200)
    _train(engines[1], 32)
    _train(engines[0], 200)
    for engine in engines:
        engine.publish()
    alone = _network()
    engine = open_engine(alone, part, Settings())
    _train(engine, 200)
    _train(engine, 200)
    engine.publish()
    for old, one, other in zip(before, networks[0].get_weights(), alone.get_weights(), strict=True):
        assert not np.array_equal(old, one)
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(networks[0].get_weights()[0], networks[1].get_weights()[0])


def test_weights_that_are_set_from_outside_after_publishing_are_trained_on() -> None:
    part, network, expected = _part(), _network(), _network()
    engine = open_engine(network, part, Settings())
    _train(engine, 32)
    engine.publish()
    network.set_weights(expected.get_weights())
    for variable in network.optimizer.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))
    fresh = open_engine(expected, part, Settings())
    assert _train(engine, 200) == _train(fresh, 200)
