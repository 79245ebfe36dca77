"""8 bits: kept where the accuracy holds, refused with the numbers where it does not."""

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import networks
from tellapart.bundle import Bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import ExportError
from tellapart.export.int8 import judge_8_bits, to_8_bits
from tellapart.export.onnx import to_onnx
from tellapart.models.catalogue import BUILDERS
from tellapart.predict.onnx_runtime import OnnxRuntime
from tellapart.sections import ImageSpec

NAME = "fast-cnn"


@pytest.fixture(scope="module")
def bundle(fashion: Dataset) -> Bundle:
    images = networks.images_for(fashion, ImageSpec())
    return networks.bundle_of(NAME, networks.network_of(NAME), ImageSpec(), images)


@pytest.fixture(scope="module", params=[False, True], ids=["its size", "any size"])
def files(bundle: Bundle, request: pytest.FixtureRequest) -> tuple[bytes, bytes]:
    before = to_onnx(bundle, networks.network_of(NAME), any_size=request.param)
    return before, to_8_bits(before, bundle.golden.images, '{"in_8_bits": true}')


def _labels(content: bytes, bundle: Bundle) -> NDArray[np.int64]:
    return np.asarray(OnnxRuntime(content).probabilities(bundle.golden.images).argmax(axis=1))


def test_weights_become_8_bits_and_the_file_says_so(files: tuple[bytes, bytes]) -> None:
    before, after = files
    assert len(after) < len(before)
    model = onnx.load_from_string(after)
    kinds = {part.data_type for part in model.graph.initializer if len(part.dims) == 4}
    assert kinds == {onnx.TensorProto.INT8}
    assert {prop.key: prop.value for prop in model.metadata_props}["tellapart"] == (
        '{"in_8_bits": true}'
    )


def test_most_labels_stay(files: tuple[bytes, bytes], bundle: Bundle) -> None:
    before, after = files
    assert (_labels(before, bundle) == _labels(after, bundle)).mean() >= 0.9


def test_accuracy_and_speed_are_told_where_the_accuracy_holds(
    files: tuple[bytes, bytes], bundle: Bundle
) -> None:
    before, after = files
    labels = _labels(before, bundle)
    same = labels == _labels(after, bundle)
    targets = np.where(np.arange(same.sum()) % 4 == 0, 0, labels[same])
    found = judge_8_bits(before, after, bundle.golden.images[same], targets, "validation")
    assert found.accuracy == found.accuracy_before == (targets == labels[same]).mean()
    assert (found.images, found.split, found.loss) == (same.sum(), "validation", 0.0)
    assert found.speed_of_one > 0
    assert "times as fast" in str(found)


def test_a_file_that_is_less_accurate_is_refused_with_the_numbers(
    files: tuple[bytes, bytes], bundle: Bundle
) -> None:
    before, _ = files
    network = networks.stir(BUILDERS[NAME](ImageSpec(), 5), seed=1)
    other = to_8_bits(to_onnx(bundle, network), bundle.golden.images, "{}")
    labels = _labels(before, bundle)
    pixels = bundle.golden.images
    with pytest.raises(ExportError, match=r"falls from 100\.00% to .*more than 0\.1 points"):
        judge_8_bits(before, other, pixels, labels, "validation")
