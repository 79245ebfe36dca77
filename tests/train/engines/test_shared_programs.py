"""Programs that TensorFlow compiled: equal networks share one, and no others do."""

from typing import Any

import keras
import numpy as np
import pytest

from tellapart.data.prepare import Part
from tellapart.models.optimizers import build_optimizer
from tellapart.train.engines.protocol import STEPS, Epoch, Settings, cut_block

if keras.backend.backend() != "tensorflow":
    pytest.skip("only TensorFlow keeps programs", allow_module_level=True)

from tellapart.train.engines.tensorflow import TensorFlowEngine, _program_for

layers = keras.layers
LOSS = "sparse_categorical_crossentropy"
RATES = np.full(STEPS, 0.01, np.float32)


def _branches(optimizer: Any = "adam", swaps: bool = False) -> keras.Model:
    keras.utils.set_random_seed(1)
    inputs = keras.Input((12, 12, 1))
    flat = layers.Flatten()(layers.Rescaling(1 / 255)(inputs))
    one, other = layers.Dense(10)(flat), layers.Dense(10)(flat)
    pair = [layers.ReLU()(one), other]
    summed = layers.Add()([pair[swaps], layers.Activation("tanh")(pair[not swaps])])
    network = keras.Model(inputs, layers.Activation("softmax")(summed))
    network.compile(optimizer, LOSS, metrics=["accuracy"])
    build_optimizer(network)
    return network


def _program(network: keras.Model, **settings: Any) -> Any:
    return _program_for(network, Settings(**settings), compile_steps=True)


def _part() -> Part:
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (128, 12, 12, 1)).astype(np.uint8)
    return Part(pixels, draw.integers(0, 10, 128))


def _trained(network: keras.Model, *, apart: bool) -> list[Any]:
    """Return the weights after two blocks, with a program of its own or with a shared one."""
    engine = TensorFlowEngine(network, _part(), Settings(), compile_steps=not apart)
    for _ in range(2):
        engine.train(cut_block(Epoch(np.arange(128)), 0, 32, RATES))
    engine.publish()
    return list(network.get_weights())


def test_networks_that_differ_by_the_names_that_keras_counts_on_share_a_program() -> None:
    first, second = _branches(), _branches()
    assert [v.path for v in first.variables] != [v.path for v in second.variables]
    assert _program(first) is _program(second)


def test_networks_of_the_same_layers_wired_otherwise_share_none() -> None:
    assert _program(_branches()) is not _program(_branches(swaps=True))
    frozen = _branches()
    frozen.layers[3].trainable = False
    frozen.compile("adam", LOSS)
    build_optimizer(frozen)
    assert _program(frozen) is not _program(_branches())


def test_other_optimisers_and_settings_share_none() -> None:
    optimizers = keras.optimizers
    found = [
        _program(_branches()),
        _program(_branches(optimizers.Adam(clipnorm=1.0))),
        _program(_branches(optimizers.AdamW())),
        _program(_branches(), smoothing=0.1),
    ]
    assert len(set(map(id, found))) == len(found)


def test_an_optimiser_that_looks_at_names_has_a_program_for_these_alone() -> None:
    def excluding(word: str) -> keras.Model:
        optimizer = keras.optimizers.SGD(0.1, weight_decay=0.1)
        optimizer.exclude_from_weight_decay(var_names=[word])
        return _branches(optimizer)

    assert _program(excluding("bias")) is not _program(excluding("bias"))
    assert _program(excluding("bias")) is not _program(excluding("kernel"))


def test_networks_that_take_turns_on_a_program_are_trained_as_if_each_had_its_own() -> None:
    for swaps in (False, True, False, True):
        shared = _trained(_branches(swaps=swaps), apart=False)
        alone = _trained(_branches(swaps=swaps), apart=True)
        for one, other in zip(shared, alone, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)
