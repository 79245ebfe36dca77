"""How activations are written as ONNX nodes, in layers of their own and at the end of others."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tellapart.export.graph import Graph, Layer, UnwritableError, Value

ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "relu": ("Relu", {}),
        "sigmoid": ("Sigmoid", {}),
        "tanh": ("Tanh", {}),
        "softplus": ("Softplus", {}),
        "elu": ("Elu", {}),
        "selu": ("Selu", {}),
        "exponential": ("Exp", {}),
        "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
        "hard_silu": ("HardSwish", {}),
        "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
        "mish": ("Mish", {}),
        "softsign": ("Softsign", {}),
        "softmax": ("Softmax", {"axis": -1}),
    }
)


def activate(graph: Graph, layer: Layer, value: str, function: Any, axes: int) -> str:
    """Return a value after an activation function of Keras.

    Raises:
        UnwritableError: It is not known, or the user's own, whatever that is called.
    """
    name = getattr(function, "__name__", str(function))
    if not str(getattr(function, "__module__", "")).startswith("keras."):
        raise UnwritableError(f"{layer.name} (activation {name} of its own)")
    if name == "linear":
        return value
    if name == "softmax" and axes != 1:
        raise UnwritableError(f"{layer.name} (softmax over pictures)")
    if name in ("silu", "swish"):
        gate = graph.node("Sigmoid", [value], f"{layer.name}_sigmoid")
        return graph.node("Mul", [value, gate], f"{layer.name}_silu")
    if name not in ACTIVATIONS:
        raise UnwritableError(f"{layer.name} (activation {name})")
    kind, attributes = ACTIVATIONS[name]
    return graph.node(kind, [value], f"{layer.name}_{name}", attributes)


def write_activation(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `Activation`."""
    given = inputs[0]
    found = activate(graph, layer, given.name, layer.activation, len(given.shape))
    return Value(found, given.shape)


def write_relu(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `ReLU`, with a slope below 0 and a largest value, but no threshold."""
    if layer.threshold:
        raise UnwritableError(f"{layer.name} (ReLU with a threshold)")
    slope, found = float(layer.negative_slope), inputs[0].name
    if slope:
        found = graph.node("LeakyRelu", [found], layer.name, {"alpha": slope})
    else:
        found = graph.node("Relu", [found], layer.name)
    if layer.max_value is not None:
        top = graph.number(f"{layer.name}/top", float(layer.max_value))
        found = graph.node("Min", [found, top], f"{layer.name}_top")
    return Value(found, inputs[0].shape)


def write_leaky_relu(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `LeakyReLU`."""
    slope = {"alpha": float(layer.negative_slope)}
    return Value(graph.node("LeakyRelu", [inputs[0].name], layer.name, slope), inputs[0].shape)


def write_softmax(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
    """Write `Softmax` over rows of classes."""
    if len(inputs[0].shape) != 1 or layer.axis not in (-1, 1):
        raise UnwritableError(f"{layer.name} (softmax over pictures)")
    return Value(graph.node("Softmax", [inputs[0].name], layer.name, {"axis": -1}), inputs[0].shape)
