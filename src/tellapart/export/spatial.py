"""How layers that see pictures are written as ONNX nodes: convolutions, pooling, padding."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.export.activations import activate
from tellapart.export.graph import Graph, Layer, Value, Writer, array_of


def _windows(
    size: Sequence[int], kernel: Sequence[int], strides: Sequence[int], padding: str
) -> tuple[tuple[int, int], list[int]]:
    """Return the size after windows were slid over a picture, and ONNX's pads.

    Keras pads "same" as TensorFlow does: what is odd goes to the bottom and to the right,
    which ONNX calls SAME_UPPER; written out, because not every runtime knows the word.
    """
    if padding == "valid":
        after = [(n - k) // s + 1 for n, k, s in zip(size, kernel, strides, strict=True)]
        return (after[0], after[1]), [0, 0, 0, 0]
    after = [-(-n // s) for n, s in zip(size, strides, strict=True)]
    sides = zip(size, kernel, strides, after, strict=True)
    missing = [max((m - 1) * s + k - n, 0) for n, k, s, m in sides]
    before = [total // 2 for total in missing]
    behind = [total - first for total, first in zip(missing, before, strict=True)]
    return (after[0], after[1]), [*before, *behind]


def write_convolution(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `Conv2D`: kernels `(h, w, in, out)` become `(out, in, h, w)`."""
    return _convolve(graph, layer, inputs[0], array_of(layer.kernel).transpose(3, 2, 0, 1))


def write_depthwise(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `DepthwiseConv2D`: kernels `(h, w, in, times)` become `(in × times, 1, h, w)`."""
    kernel = array_of(layer.kernel)
    high, wide, channels, times = kernel.shape
    kernel = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, high, wide)
    return _convolve(graph, layer, inputs[0], kernel, groups=channels)


def _convolve(
    graph: Graph, layer: Layer, given: Value, kernel: NDArray[Any], *, groups: int | None = None
) -> Value:
    dilation = tuple(layer.dilation_rate)
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilation, strict=True))
    size, pads = _windows(given.shape[:2], reach, tuple(layer.strides), layer.padding)
    parts = [given.name, graph.constant(f"{layer.name}/kernel", kernel)]
    if layer.use_bias:
        parts.append(graph.constant(f"{layer.name}/bias", array_of(layer.bias)))
    attributes = {
        "kernel_shape": list(kernel.shape[2:]),
        "strides": list(layer.strides),
        "dilations": list(dilation),
        "pads": pads,
        "group": groups or getattr(layer, "groups", 1),
    }
    found = graph.node("Conv", parts, layer.name, attributes)
    found = activate(graph, layer, found, layer.activation, 3)
    return Value(found, (*size, kernel.shape[0]))


def writer_of_pooling(kind: str, extra: Mapping[str, Any]) -> Writer:
    """Return what writes a kind of pooling by windows, with these attributes beside its own."""

    def write(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
        high, wide, channels = inputs[0].shape
        size, pads = _windows(
            (high, wide), tuple(layer.pool_size), tuple(layer.strides), layer.padding
        )
        attributes = {
            "kernel_shape": list(layer.pool_size),
            "strides": list(layer.strides),
            "pads": pads,
            **extra,
        }
        found = graph.node(kind, [inputs[0].name], layer.name, attributes)
        return Value(found, (*size, channels))

    return write


def writer_of_global_pooling(kind: str) -> Writer:
    """Return what writes a kind of pooling over whole pictures."""

    def write(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
        channels = inputs[0].shape[2]
        found = graph.node(kind, [inputs[0].name], layer.name)
        if layer.keepdims:
            return Value(found, (1, 1, channels))
        axes = graph.constant(f"{layer.name}/axes", np.array([2, 3], np.int64))
        return Value(graph.node("Squeeze", [found, axes], layer.name), (channels,))

    return write


def write_padding(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `ZeroPadding2D`."""
    (top, bottom), (left, right) = layer.padding
    high, wide, channels = inputs[0].shape
    amounts = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
    pads = graph.constant(f"{layer.name}/pads", amounts)
    found = graph.node("Pad", [inputs[0].name, pads], layer.name)
    return Value(found, (high + top + bottom, wide + left + right, channels))
