"""An ONNX graph while it is written: nodes, constants, and values with their shapes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

OPSET, IR_VERSION = 18, 8
"""What ONNX Runtime 1.14 and later run."""


@dataclass(frozen=True)
class Value:
    """Is what flows between nodes.

    Attributes:
        name: In the graph.
        shape: Without the batch, in Keras' order: `(h, w, c)` for pictures, `(n,)` for rows.

    Pictures flow as `(batch, c, h, w)`, which is what ONNX's convolutions take.
    """

    name: str
    shape: tuple[int, ...]


class Nodes(Protocol):
    """Is what operators of ONNX are given to, to be written down or computed."""

    def constant(self, name: str, array: NDArray[Any], /) -> str:
        """Return a new constant."""

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        name: str,
        attributes: Mapping[str, Any] | None = None,
        /,
    ) -> str:
        """Return the one output of a new node."""


@dataclass
class Graph:
    """Collects the nodes and constants of one graph, in order."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Return the name of a new constant."""
        from onnx import numpy_helper

        unique = self._unique(name)
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), unique))
        return unique

    def number(self, name: str, value: float) -> str:
        """Return the name of a new constant of one 32-bit number."""
        return self.constant(name, np.array(value, np.float32))

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        name: str,
        attributes: Mapping[str, Any] | None = None,
    ) -> str:
        """Return the name of the one output of a new node.

        Args:
            kind: ONNX's name of the operator.
            inputs: Names of values and constants.
            name: What to call its output; a number is added where that is taken.
            attributes: Of the operator.
        """
        from onnx import helper

        output = self._unique(name)
        self.nodes.append(
            helper.make_node(kind, list(inputs), [output], name=output, **(attributes or {}))
        )
        return output

    def top(self, rows: str, count: str) -> str:
        """Return the `count` largest of each row, largest first."""
        from onnx import helper

        values, places = self._unique("top"), self._unique("top_places")
        self.nodes.append(helper.make_node("TopK", [rows, count], [values, places], name=values))
        return values

    def before_softmax(self, value: str) -> str | None:
        """Return what a value is the softmax of, or `None` where it is not one."""
        found = [node for node in self.nodes if value in node.output and node.op_type == "Softmax"]
        return str(found[0].input[0]) if found else None

    def call_it(self, value: str, name: str) -> str:
        """Give a value the exact name that the outside knows it by."""
        from onnx import helper

        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"{name}_out"))
        return name

    def _unique(self, name: str) -> str:
        count = self._counts.get(name, 0)
        self._counts[name] = count + 1
        return f"{name}.{count}" if count else f"{name}.v"


Layer = Any
"""A `keras.Layer`, built, with its weights."""

Writer = Callable[[Graph, Layer, tuple[Value, ...]], Value]
"""Is what writes the nodes of one layer and returns its output."""


class UnwritableError(Exception):
    """A layer, or a setting of one, that this writer does not know."""


def array_of(variable: Any) -> NDArray[Any]:
    """Return a variable of a layer as float32."""
    from keras import ops

    return np.asarray(ops.convert_to_numpy(variable), np.float32)
