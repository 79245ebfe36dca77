"""The prepared runtime: Keras' own answers, in every amount, from every thread."""

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

from tellapart.images.arrays import Pixels
from tellapart.models.forward import open_forward
from tellapart.models.guide_cnn import build_guide_cnn
from tellapart.predict.runtimes import BATCH, BATCH_PIXELS, KerasRuntime
from tellapart.sections import ImageSpec

pytestmark = pytest.mark.core

PIXELS = np.random.default_rng(0).integers(0, 256, (1000, 28, 28, 1), dtype=np.uint8)


SEEN: list[int | None] = []


class Witness(keras.layers.Layer):  # type: ignore[misc]
    """Passes its input on and remembers the size of every batch that it is called for."""

    @override
    def call(self, inputs: Any) -> Any:
        SEEN.append(inputs.shape[0])
        return inputs


@pytest.fixture(scope="module")
def network() -> Any:
    keras.utils.set_random_seed(0)
    return build_guide_cnn(ImageSpec(), 10)


@pytest.fixture(scope="module")
def wanted(network: Any) -> Any:
    return network.predict(PIXELS, verbose=0)


@pytest.fixture
def runtime(network: Any) -> KerasRuntime:
    return KerasRuntime(network, "probabilities")


def _small(shape: tuple[int | None, ...], activation: str | None, *layers: Any) -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input(shape),
            *layers,
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation),
        ]
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 31, 64, 255, 256, 257, 1000])
def test_any_number_of_pictures_is_answered_as_keras_answers(
    runtime: KerasRuntime, wanted: Any, count: int
) -> None:
    found = runtime.probabilities(PIXELS[:count])
    assert found.shape == (count, 10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted[:count], atol=1e-5)


def test_logits_become_probabilities() -> None:
    network = _small((28, 28, 1), None)
    logits = network.predict(PIXELS[:40], verbose=0)
    runtime = KerasRuntime(network, "logits")
    found = runtime.probabilities(PIXELS[:40])
    np.testing.assert_allclose(found, keras.ops.softmax(logits), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_threads_get_the_answers_that_one_after_another_gets(
    runtime: KerasRuntime, wanted: Any
) -> None:
    parts = [slice(i, i + 1 + i % 5) for i in range(200)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda part: runtime.probabilities(PIXELS[part]), parts))
    for part, answer in zip(parts, found, strict=True):
        np.testing.assert_allclose(answer, wanted[part], atol=1e-5)


def test_a_hundred_different_counts_compile_only_a_few_shapes() -> None:
    runtime = KerasRuntime(_small((28, 28, 1), "softmax", Witness()), "probabilities")
    SEEN.clear()
    for count in range(1, 101):
        runtime.probabilities(PIXELS[:count])
    if keras.backend.backend() != "torch":
        assert len(SEEN) <= 8


@pytest.mark.parametrize("shape", [(None, None, 3), (40, 30, 3)], ids=["any size", "one size"])
def test_pictures_of_any_size_and_in_colour_are_answered(shape: tuple[int | None, ...]) -> None:
    network = _small(shape, "softmax")
    pixels = np.random.default_rng(1).integers(0, 256, (5, 40, 30, 3), dtype=np.uint8)
    runtime = KerasRuntime(network, "probabilities")
    found = runtime.probabilities(pixels)
    np.testing.assert_allclose(found, network.predict(pixels, verbose=0), atol=1e-5)


def test_large_pictures_go_through_in_smaller_batches() -> None:
    network = _small((None, None, 1), "softmax", Witness())
    network.run_eagerly = True  # so that the layer sees every batch
    runtime = KerasRuntime(network, "probabilities")
    SEEN.clear()
    runtime.probabilities(np.zeros((5, 512, 1024, 1), np.uint8))
    runtime.probabilities(np.zeros((300, 8, 8, 1), np.uint8))
    assert BATCH_PIXELS == 2 * 512 * 1024
    assert SEEN == [2, 2, 1, BATCH, 44]


def test_weights_that_are_set_later_are_followed() -> None:
    network = build_guide_cnn(ImageSpec(), 10)
    runtime = KerasRuntime(network, "probabilities")
    runtime.probabilities(PIXELS[:5])
    network.set_weights([weight / 2 for weight in network.get_weights()])
    after = network.predict(PIXELS[:5], verbose=0)
    np.testing.assert_allclose(runtime.probabilities(PIXELS[:5]), after, atol=1e-5)
    np.testing.assert_allclose(runtime.probabilities(PIXELS[:1]), after[:1], atol=1e-5)


def test_a_network_that_is_not_to_be_compiled_is_asked_as_it_is(network: Any, wanted: Any) -> None:
    plain = keras.models.clone_model(network)
    plain.set_weights(network.get_weights())
    plain.run_eagerly = True
    forward = open_forward(plain, "probabilities")
    assert forward.threads == 1
    np.testing.assert_allclose(forward.run(PIXELS[:3])[0], wanted[:3], atol=1e-5)


def test_low_precision_inside_gives_float32_outside() -> None:
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(3, dtype="bfloat16")]
    )
    found = KerasRuntime(network, "logits").probabilities(PIXELS[:3])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_many_predictions_leave_no_memory_behind(runtime: KerasRuntime) -> None:
    def ask(times: int) -> None:
        for turn in range(times):
            runtime.probabilities(PIXELS[: 1 + turn % 4])

    ask(500)
    before = _resident_bytes()
    ask(2000)
    gc.collect()
    assert _resident_bytes() - before < 20e6


def _resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * 4096


def _ask_once(pixels: Pixels) -> None:
    KerasRuntime(build_guide_cnn(ImageSpec(), 10), "probabilities").probabilities(pixels)


def test_a_runtime_that_nobody_holds_is_freed_with_its_graphs() -> None:
    _ask_once(PIXELS[:3])
    gc.collect()
    before = sum(type(o).__name__ in ("FuncGraph", "Sequential") for o in gc.get_objects())
    for _ in range(5):
        _ask_once(PIXELS[:3])
    gc.collect()
    after = sum(type(o).__name__ in ("FuncGraph", "Sequential") for o in gc.get_objects())
    assert after <= before + 1


@pytest.mark.parametrize("count", [0, 1, 3, 257])
def test_features_come_with_the_probabilities_of_the_same_pass(
    runtime: KerasRuntime, network: Any, wanted: Any, count: int
) -> None:
    found = runtime.answers(PIXELS[:count])
    assert found.features is not None
    assert found.features.shape == (count, 64)
    np.testing.assert_allclose(found.probabilities, wanted[:count], atol=1e-5)
    kernel, bias = network.layers[-1].get_weights()
    logits = keras.ops.softmax(found.features @ kernel + bias) if count else wanted[:0]
    np.testing.assert_allclose(logits, wanted[:count], atol=1e-5)


def test_a_network_without_features_is_answered_without_them() -> None:
    inner = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")]
    )
    found = KerasRuntime(keras.Sequential([keras.Input((28, 28, 1)), inner]), "probabilities")
    assert found.answers(PIXELS[:5]).features is None
    assert found.answers(PIXELS[:0]).probabilities.shape == (0, 3)
