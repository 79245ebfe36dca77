"""The end of a network, where it says what it thinks: features, logits, probabilities, novelty.

Whatever a network ends in, the exported one puts out the same: `logits`, `probabilities` at
the bundle's temperature, `features` where there are any, and `novelty` where it is measured.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tellapart.export.graph import Graph, Layer, UnwritableError, Value
from tellapart.export.layers import write_layer

LEAST = 1e-12
"""What a probability below it counts as, as in `verdicts.calibrate`."""


@dataclass(frozen=True, eq=False)
class Ending:
    """Is what follows a network.

    Attributes:
        output: What the network itself puts out.
        temperature: Its probabilities are cooled by it, as by `verdicts.calibrate`; `None` for
            a bundle without rules, which leaves them as they are.
        references: `(m, width)`, rows of length 1: what novelty is measured against.
        neighbour: Novelty is the distance to the so manieth nearest of them.
    """

    output: Literal["probabilities", "logits"]
    temperature: float | None = None
    references: NDArray[np.floating] | None = None
    neighbour: int = 1


class HeadWriter:
    """Writes layers, and keeps the features when it comes past them.

    Args:
        last: The network's last layer that has weights, or `None`.
    """

    def __init__(self, last: Layer) -> None:
        self._last = last
        self.features: Value | None = None

    def write(self, graph: Graph, layer: Layer, inputs: tuple[Value, ...]) -> Value:
        """Return the output of a layer, its nodes written.

        Raises:
            UnwritableError: It cannot be written.
        """
        if layer is self._last:
            self.features = inputs[0]
        return write_layer(graph, layer, inputs)


def last_with_weights(network: Any) -> Layer:
    """Return the layer whose input the bundle calls features, or `None` where it has none."""
    from tellapart.models.features import last_layer

    return last_layer(network)[0]


def write_ending(graph: Graph, found: Value, writer: HeadWriter, ending: Ending) -> list[str]:
    """Write what follows a network, and return the names of all outputs.

    Probabilities are cooled, not logits: so those below `LEAST` count as it in every format.

    Raises:
        UnwritableError: The network does not put out one number for each class.
    """
    if len(found.shape) != 1:
        raise UnwritableError("the output (no row of classes)")
    if ending.output == "logits":
        logits, shares = found.name, graph.node("Softmax", [found.name], "shares", {"axis": -1})
    else:
        logits, shares = graph.before_softmax(found.name) or "", found.name
    if not logits or ending.temperature is not None:
        least = graph.number("least", LEAST)
        logs = graph.node("Log", [graph.node("Max", [shares, least], "floored")], "logarithm")
        logits = logits or logs
        if ending.temperature is not None:
            temperature = graph.number("temperature", ending.temperature)
            cooled = graph.node("Div", [logs, temperature], "cooled")
            shares = graph.node("Softmax", [cooled], "calibrated", {"axis": -1})
    outputs = [graph.call_it(shares, "probabilities"), graph.call_it(logits, "logits")]
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
