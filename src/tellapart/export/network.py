"""A whole Keras network as ONNX nodes: Sequential, functional and nested ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tellapart.export.graph import Graph, Layer, UnwritableError, Value
from tellapart.export.layers import write_layer

WriteLayer = Callable[[Graph, Layer, tuple[Value, ...]], Value]


def write_network(
    graph: Graph, network: Any, given: Value, write: WriteLayer = write_layer
) -> Value:
    """Return the output of a network, the nodes of all its layers written in their order.

    Args:
        graph: What they are written into.
        network: A Sequential or functional `keras.Model` with one input and one output.
        given: Its input.
        write: What writes one layer.

    Raises:
        UnwritableError: It has a layer that cannot be written, or is put together otherwise.
    """
    import keras

    if not type(network).call.__module__.startswith("keras."):
        raise UnwritableError(f"{network.name} (with a call of its own)")

    def enter(graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
        if isinstance(layer, keras.Model) and len(inputs) == 1:
            return write_network(graph, layer, inputs[0], write)
        return write(graph, layer, inputs)

    if isinstance(network, keras.Sequential):
        for layer in network.layers:
            given = enter(graph, layer, (given,))
        return given
    return _write_functional(graph, network, given, enter)


def _write_functional(graph: Graph, network: Any, given: Value, enter: WriteLayer) -> Value:
    """Return the output of a functional network, each call of a layer written once it can be."""
    try:
        config = network.get_config()
        steps, first, last = config["layers"], config["input_layers"], config["output_layers"]
    except (KeyError, NotImplementedError, TypeError) as error:
        raise UnwritableError(f"{network.name} (neither Sequential nor functional)") from error
    values = {_only(first, network): given}
    layers = {layer.name: layer for layer in network.layers}
    waiting = [call for step in steps for call in _calls(step, network)]
    while waiting:  # a layer that is called twice may wait for others between its calls
        ready = (i for i, call in enumerate(waiting) if all(one in values for one in call.inputs))
        call = waiting.pop(next(ready))
        if call.name not in layers:
            raise UnwritableError(f"{network.name}/{call.name} (an operation, not a layer)")
        parts = tuple(values[source] for source in call.inputs)
        values[call.name, call.number] = enter(graph, layers[call.name], parts)
    return values[_only(last, network)]


def _only(ends: Any, network: Any) -> tuple[str, int]:
    """Return the one layer at an end of a functional network, and which call of it."""
    while len(ends) == 1:
        ends = ends[0]
    if len(ends) != 3 or not isinstance(ends[0], str):
        raise UnwritableError(f"{network.name} (several inputs or outputs)")
    return ends[0], ends[1]


@dataclass(frozen=True)
class _Call:
    """Is one call of a layer: which one, and what it takes, by layers and calls of them."""

    name: str
    number: int
    inputs: tuple[tuple[str, int], ...]


def _calls(step: Any, network: Any) -> list[_Call]:
    """Return each call of a layer."""
    found: list[_Call] = []
    for number, node in enumerate(step["inbound_nodes"]):
        sources: list[tuple[str, int]] = []
        _collect(node["args"], sources)
        if any(_has_tensor(value) for value in node["kwargs"].values()):
            raise UnwritableError(f"{network.name}/{step['name']} (tensors as keyword arguments)")
        found.append(_Call(step["name"], number, tuple(sources)))
    return found


def _collect(part: Any, sources: list[tuple[str, int]]) -> None:
    if isinstance(part, dict) and part.get("class_name") == "__keras_tensor__":
        name, call, _ = part["config"]["keras_history"]
        sources.append((name, call))
    elif isinstance(part, list | tuple):
        for piece in part:
            _collect(piece, sources)


def _has_tensor(part: Any) -> bool:
    sources: list[tuple[str, int]] = []
    _collect(part, sources)
    return bool(sources)
