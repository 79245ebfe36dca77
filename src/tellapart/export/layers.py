"""How each kind of Keras layer is written as ONNX nodes.

One function a kind, all of one shape: the graph, the layer and its inputs in, its output out.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from tellapart.export.activations import (
    activate,
    write_activation,
    write_leaky_relu,
    write_relu,
    write_softmax,
)
from tellapart.export.graph import Graph, Layer, UnwritableError, Value, Writer, array_of
from tellapart.export.spatial import (
    write_convolution,
    write_depthwise,
    write_padding,
    writer_of_global_pooling,
    writer_of_pooling,
)


def write_layer(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Return the output of a layer, its nodes written.

    Raises:
        UnwritableError: The layer is of no known kind, or has a setting that is not known.
    """
    kind = type(layer).__name__
    if kind not in LAYERS or not type(layer).__module__.startswith("keras."):
        raise UnwritableError(f"{layer.name} ({kind})")
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise UnwritableError(f"{layer.name} ({kind}, {layer.data_format})")
    return LAYERS[kind](graph, layer, inputs)


def _normalise(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `BatchNormalization` over the channels, with its running mean and variance."""
    given = inputs[0]
    if layer.axis not in (-1, len(given.shape)):
        raise UnwritableError(f"{layer.name} (normalises axis {layer.axis})")
    channels = given.shape[-1]
    scale = array_of(layer.gamma) if layer.scale else np.ones(channels, np.float32)
    shift = array_of(layer.beta) if layer.center else np.zeros(channels, np.float32)
    parts = {
        "gamma": scale,
        "beta": shift,
        "mean": array_of(layer.moving_mean),
        "variance": array_of(layer.moving_variance),
    }
    names = [graph.constant(f"{layer.name}/{key}", array) for key, array in parts.items()]
    attributes = {"epsilon": float(layer.epsilon)}
    found = graph.node("BatchNormalization", [given.name, *names], layer.name, attributes)
    return Value(found, given.shape)


def _rescale(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    found = inputs[0].name
    for kind, key, numbers in (("Mul", "scale", layer.scale), ("Add", "offset", layer.offset)):
        array = np.asarray(numbers, np.float32)
        if array.ndim > 1:
            raise UnwritableError(f"{layer.name} (a {key} of shape {array.shape})")
        shaped = array.reshape(-1, 1, 1) if array.ndim and len(inputs[0].shape) == 3 else array
        part = graph.constant(f"{layer.name}/{key}", shaped)
        found = graph.node(kind, [found, part], f"{layer.name}_{key}")
    return Value(found, inputs[0].shape)


def _flatten(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `Flatten` in Keras' order, channels last."""
    found, shape = inputs[0].name, inputs[0].shape
    if len(shape) == 3:
        found = graph.node("Transpose", [found], layer.name, {"perm": [0, 2, 3, 1]})
    return Value(graph.node("Flatten", [found], layer.name, {"axis": 1}), (int(np.prod(shape)),))


def _dense(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    if len(inputs[0].shape) != 1:
        raise UnwritableError(f"{layer.name} (Dense over pictures)")
    parts = [inputs[0].name, graph.constant(f"{layer.name}/kernel", array_of(layer.kernel))]
    if layer.use_bias:
        parts.append(graph.constant(f"{layer.name}/bias", array_of(layer.bias)))
    found = graph.node("Gemm", parts, layer.name)
    found = activate(graph, layer, found, layer.activation, 1)
    return Value(found, (int(layer.units),))


def _add(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    if any(value.shape != inputs[0].shape for value in inputs):
        raise UnwritableError(f"{layer.name} (adds shapes that differ)")
    return Value(graph.node("Sum", [v.name for v in inputs], layer.name), inputs[0].shape)


def _concatenate(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    if layer.axis not in (-1, len(inputs[0].shape)):
        raise UnwritableError(f"{layer.name} (joins axis {layer.axis})")
    shape = (*inputs[0].shape[:-1], sum(value.shape[-1] for value in inputs))
    found = graph.node("Concat", [v.name for v in inputs], layer.name, {"axis": 1})
    return Value(found, shape)


def _nothing(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:  # noqa: ARG001
    """Write what does nothing outside training."""
    return inputs[0]


LAYERS: Mapping[str, Writer] = MappingProxyType(
    {
        "Activation": write_activation,
        "Add": _add,
        "AveragePooling2D": writer_of_pooling("AveragePool", {"count_include_pad": 0}),
        "BatchNormalization": _normalise,
        "Concatenate": _concatenate,
        "Conv2D": write_convolution,
        "Dense": _dense,
        "DepthwiseConv2D": write_depthwise,
        "Dropout": _nothing,
        "Flatten": _flatten,
        "GaussianDropout": _nothing,
        "GaussianNoise": _nothing,
        "GlobalAveragePooling2D": writer_of_global_pooling("GlobalAveragePool"),
        "GlobalMaxPooling2D": writer_of_global_pooling("GlobalMaxPool"),
        "LeakyReLU": write_leaky_relu,
        "MaxPooling2D": writer_of_pooling("MaxPool", {}),
        "ReLU": write_relu,
        "Rescaling": _rescale,
        "Softmax": write_softmax,
        "SpatialDropout2D": _nothing,
        "ZeroPadding2D": write_padding,
    }
)
