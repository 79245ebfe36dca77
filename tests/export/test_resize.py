"""Pictures of any size, made to fit inside the graph: bit for bit what the decoder gives."""

from collections.abc import Callable
from functools import cache
from typing import Any, Literal

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tellapart.export.graph import IR_VERSION, OPSET, Graph
from tellapart.export.resize import write_fitting
from tellapart.export.tensors import fit_tensor
from tellapart.images.decode import decode_array
from tellapart.sections import ImageSpec

FITS = ("pad", "crop", "stretch")
FILTERS = ("nearest", "bilinear", "bicubic", "lanczos")
SHAPES: tuple[tuple[int, int, Literal[1, 3]], ...] = ((28, 28, 1), (40, 96, 3), (17, 5, 1))


Fitting = Callable[[np.ndarray], np.ndarray]


@cache
def _by_onnx(spec: ImageSpec) -> Fitting:
    """Return a graph that does nothing but make pictures fit."""
    graph = Graph()
    graph.call_it(write_fitting(graph, "image", spec), "pixels")
    any_size = ["n", "height", "width", spec.channels]
    fitted = ["n", spec.channels, spec.height, spec.width]
    info = helper.make_tensor_value_info
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "fitting",
            [info("image", TensorProto.UINT8, any_size)],
            [info("pixels", TensorProto.FLOAT, fitted)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return lambda images: session.run(None, {"image": images})[0].transpose(0, 2, 3, 1)


@cache
def _by_tensorflow(spec: ImageSpec) -> Fitting:
    """Return a compiled function that does nothing but make pictures fit."""
    given = tf.TensorSpec((None, None, None, spec.channels), tf.uint8)
    run = tf.function(lambda image: fit_tensor(image, spec), input_signature=[given])
    return lambda images: run(tf.constant(images)).numpy()


@pytest.fixture(params=[_by_onnx, _by_tensorflow], ids=["onnx", "tensorflow"], scope="module")
def make_fit(request: pytest.FixtureRequest) -> Callable[[ImageSpec], Fitting]:
    """Return what makes pictures fit by a spec, in one format."""
    found: Callable[[ImageSpec], Fitting] = request.param
    return found


def _picture(height: int, width: int, channels: int, kind: str, seed: int) -> np.ndarray:
    if kind == "noise":
        random = np.random.default_rng(seed)
        return random.integers(0, 256, (height, width, channels), np.uint8)
    slope = np.add.outer(np.arange(height) * (2 + seed % 3), np.arange(width) * 3) % 256
    return np.repeat(slope.astype(np.uint8)[..., None], channels, axis=2)


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("fit", FITS)
@settings(deadline=None, max_examples=40)
@given(
    shape=st.sampled_from(SHAPES),
    height=st.integers(1, 220),
    width=st.integers(1, 220),
    kind=st.sampled_from(("noise", "slope")),
    seed=st.integers(0, 9),
)
def test_a_picture_fits_in_the_graph_as_the_decoder_makes_it_fit(
    make_fit: Callable[[ImageSpec], Fitting],
    fit: Any,
    interpolation: Any,
    shape: tuple[int, int, Literal[1, 3]],
    height: int,
    width: int,
    kind: str,
    seed: int,
) -> None:
    rows, columns, channels = shape
    spec = ImageSpec(
        height=rows,
        width=columns,
        channels=channels,
        fit=fit,
        interpolation=interpolation,
        background=77,
    )
    picture = _picture(height, width, channels, kind, seed)
    wanted = decode_array(picture, spec, "a picture").pixels
    np.testing.assert_array_equal(make_fit(spec)(picture[None])[0], wanted)


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(3000, 2), (1, 1), (28, 28), (56, 28), (1000, 700)])
def test_odd_sizes_fit_as_well(
    make_fit: Callable[[ImageSpec], Fitting], fit: Any, size: tuple[int, int]
) -> None:
    spec = ImageSpec(fit=fit, interpolation="lanczos")
    picture = _picture(*size, 1, "noise", 0)
    wanted = decode_array(picture, spec, "a picture").pixels
    np.testing.assert_array_equal(make_fit(spec)(picture[None])[0], wanted)


def test_nearest_pixels_are_those_of_the_decoder_at_every_height(
    make_fit: Callable[[ImageSpec], Fitting],
) -> None:
    spec = ImageSpec(fit="stretch", interpolation="nearest")
    for height in range(1, 220):
        picture = _picture(height, height * 37 % 220 + 1, 1, "noise", 0)
        wanted = decode_array(picture, spec, "a picture").pixels
        np.testing.assert_array_equal(make_fit(spec)(picture[None])[0], wanted)


def test_several_pictures_of_one_size_fit_at_once(
    make_fit: Callable[[ImageSpec], Fitting],
) -> None:
    spec = ImageSpec(fit="crop")
    pictures = np.stack([_picture(50, 41, 1, "noise", seed) for seed in range(4)])
    wanted = np.stack([decode_array(one, spec, "a picture").pixels for one in pictures])
    np.testing.assert_array_equal(make_fit(spec)(pictures), wanted)
