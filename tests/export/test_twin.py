"""The twin of a network, written only if it answers as the network does."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

import networks
from tellapart.bundle import Bundle, Golden
from tellapart.data.dataset import Dataset
from tellapart.export.twin import with_twin
from tellapart.sections import ImageSpec

pytestmark = pytest.mark.core


@pytest.fixture
def bundle(fashion: Dataset) -> Bundle:
    images = networks.images_for(fashion, ImageSpec())
    return networks.bundle_of("fast-cnn", networks.network_of("fast-cnn"), ImageSpec(), images)


class Odd(keras.layers.Layer):  # type: ignore[misc]
    """Is a layer that nobody else knows."""

    @override
    def call(self, inputs: Any) -> Any:
        return inputs


def test_the_same_network_gives_the_same_bytes_whatever_the_rules_are(bundle: Bundle) -> None:
    network = networks.network_of("fast-cnn")
    one = with_twin(bundle, network, pytest.fail)
    manifest = bundle.manifest.model_copy(update={"decisions": None})
    other = with_twin(replace(bundle, manifest=manifest, references=None), network, pytest.fail)
    assert one.twin is not None
    assert one.twin == other.twin


def test_one_that_answers_otherwise_is_not_kept(bundle: Bundle) -> None:
    golden = bundle.golden
    changed = replace(bundle, golden=Golden(golden.images, golden.probabilities[::-1]))
    said: list[str] = []
    found = with_twin(changed, networks.network_of("fast-cnn"), said.append)
    assert found.twin is None
    assert "answers otherwise, by 0." in said[0]


def test_a_layer_that_cannot_be_written_is_named(bundle: Bundle) -> None:
    layers = keras.layers
    network = keras.Sequential(
        [keras.Input((28, 28, 1)), Odd(name="odd"), layers.Flatten(), layers.Dense(5, "softmax")]
    )
    said: list[str] = []
    assert with_twin(bundle, network, said.append).twin is None
    assert "cannot be written as ONNX, odd (Odd)" in said[0]
    assert np.shape(said) == (1,)
