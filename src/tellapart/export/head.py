"""The end of a network, where it says what it thinks: features, logits, probabilities, novelty.

Whatever a network ends in, the exported one puts out the same: `logits`, `probabilities` at
the bundle's temperature, `features` where there are any, and `novelty` where it is measured.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tellapart.export.graph import Graph, Layer, UnwritableError, Value
from tellapart.export.layers import write_layer, write_linear

LEAST = 1e-12
"""What a probability below it counts as, as in `verdicts.calibrate`."""


@dataclass(frozen=True, eq=False)
class Ending:
    """Is what follows a network's last layer.

    Attributes:
        output: What the network itself puts out.
        temperature: The logits are divided by it.
        references: `(m, width)`, rows of length 1: what novelty is measured against.
        neighbour: Novelty is the distance to the so manieth nearest of them.
    """

    output: Literal["probabilities", "logits"]
    temperature: float = 1.0
    references: NDArray[np.floating] | None = None
    neighbour: int = 1


class HeadWriter:
    """Writes layers, and keeps the logits and the features when it comes past them.

    Args:
        last: The network's last layer that has weights, or `None`.
    """

    def __init__(self, last: Layer) -> None:
        self._last = last
        self.features: Value | None = None
        self.logits: str | None = None

    def write(self, graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
        """Return the output of a layer, its nodes written.

        Raises:
            UnwritableError: It cannot be written.
        """
        kind = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", "")
        is_softmax = kind == "Softmax" or activation == "softmax"
        if layer is not self._last:
            if is_softmax and self.features is not None:
                self.logits = inputs[0].name
            return write_layer(graph, layer, inputs)
        self.features = inputs[0]
        if kind != "Dense" or not is_softmax or len(inputs[0].shape) != 1:
            return write_layer(graph, layer, inputs)
        self.logits = write_linear(graph, layer, inputs[0])
        found = graph.node("Softmax", [self.logits], f"{layer.name}_softmax", {"axis": -1})
        return Value(found, (int(layer.units),))


def last_with_weights(network: Any) -> Layer:
    """Return the layer whose input the bundle calls features, or `None` where it has none."""
    from tellapart.models.features import last_layer

    return last_layer(network)[0]


def write_ending(graph: Graph, found: Value, writer: HeadWriter, ending: Ending) -> list[str]:
    """Write what follows the last layer, and return the names of all outputs.

    Raises:
        UnwritableError: The network does not put out one number for each class.
    """
    if len(found.shape) != 1:
        raise UnwritableError("the output (no row of classes)")
    logits = found.name if ending.output == "logits" else writer.logits
    if logits is None:
        least = graph.number("least", LEAST)
        logits = graph.node("Log", [graph.node("Max", [found.name, least], "floored")], "logarithm")
    cooled = logits
    if ending.temperature != 1.0:
        temperature = graph.number("temperature", ending.temperature)
        cooled = graph.node("Div", [logits, temperature], "cooled")
    outputs = [graph.call_it(logits, "logits")]
    probabilities = graph.node("Softmax", [cooled], "calibrated", {"axis": -1})
    outputs.insert(0, graph.call_it(probabilities, "probabilities"))
    if writer.features is not None:
        features = _flat(graph, writer.features)
        outputs.append(graph.call_it(features, "features"))
        if ending.references is not None:
            outputs.append(graph.call_it(_novelty(graph, features, ending), "novelty"))
    return outputs


def _flat(graph: Graph, features: Value) -> str:
    """Return features as rows: what has a place in the picture is averaged over it."""
    if len(features.shape) == 1:
        return features.name
    pooled = graph.node("GlobalAveragePool", [features.name], "features_pool")
    return graph.node("Flatten", [pooled], "features_rows", {"axis": 1})


def _novelty(graph: Graph, features: str, ending: Ending) -> str:
    """Return one minus the cosine to the `neighbour`-th nearest reference, `(batch,)`."""
    assert ending.references is not None
    references = graph.constant("references", ending.references.astype(np.float32).T)
    axes = graph.constant("axes", np.array([1], np.int64))
    length = graph.node("ReduceL2", [features, axes], "length", {"keepdims": 1})
    least = graph.number("least", LEAST)
    unit = graph.node("Div", [features, graph.node("Max", [length, least], "length")], "unit")
    nearness = graph.node("MatMul", [unit, references], "nearness")
    count = graph.constant("neighbour", np.array([ending.neighbour], np.int64))
    nearest = graph.top(nearness, count)
    place = graph.constant("place", np.array(ending.neighbour - 1, np.int64))
    chosen = graph.node("Gather", [nearest, place], "chosen", {"axis": 1})
    one = graph.number("one", 1.0)
    return graph.node("Sub", [one, chosen], "distance")
