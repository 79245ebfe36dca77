"""ONNX: a bundle as one graph that any runtime of the format runs, written layer by layer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tellapart._extras import load_extra
from tellapart._version import __version__
from tellapart.bundle import Bundle
from tellapart.export.graph import IR_VERSION, OPSET, Graph, Value
from tellapart.export.head import Ending, HeadWriter, last_with_weights, write_ending
from tellapart.export.network import write_network
from tellapart.export.resize import write_fitting
from tellapart.files import write_whole
from tellapart.sections import ImageSpec

MOST_BYTES = 2**31 - 2**20
"""What one file of the format can hold."""

_FLOAT, _UINT8 = 1, 2


@dataclass(frozen=True)
class Contract:
    """Is what a file in another format must tell whoever runs it.

    Attributes:
        bundle: Whose network it is.
        any_size: Whether it makes pictures fit by itself.
    """

    bundle: Bundle
    any_size: bool = False

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON has it: class names, pixels, rules, scores, origin."""
        manifest = self.bundle.manifest
        rules = manifest.decisions
        return {
            "made_by": f"tellapart {__version__}",
            "name": manifest.name,
            "created": manifest.created,
            "class_names": list(manifest.class_names),
            "image": manifest.image.model_dump(),
            "any_size": self.any_size,
            "temperature_applied": rules.temperature if rules is not None else 1.0,
            "decisions": rules.model_dump() if rules is not None else None,
            "scores": manifest.scores.model_dump() if manifest.scores is not None else None,
            "data": manifest.data.model_dump(),
        }


def ending_of(bundle: Bundle) -> Ending:
    """Return what follows the last layer of a bundle's network."""
    manifest, rules = bundle.manifest, bundle.manifest.decisions
    output = manifest.architecture.output
    if rules is None:
        return Ending(output)
    if rules.novelty is None:
        return Ending(output, rules.temperature)
    return Ending(output, rules.temperature, bundle.references, rules.novelty.neighbour)


def write_onnx(bundle: Bundle, network: Any, path: Path, *, any_size: bool = False) -> Path:
    """Write a bundle's network as ONNX, whole or not at all.

    The input `image` is uint8 `(n, height, width, channels)`, 0–255. The outputs are float32:
    `probabilities` `(n, classes)` at the bundle's temperature, `logits` before it, and, where
    the bundle has them, `features` and `novelty` `(n,)`. What a user must know beside is in
    the metadata `tellapart`, as JSON.

    Args:
        bundle: Class names, pixels and rules.
        network: Its `keras.Model`.
        path: Where the file goes.
        any_size: Take pictures of any size, and make them fit in the graph.

    Raises:
        UnwritableError: The network has a layer that is not known.
        MissingExtraError: `onnx` is not installed.
        OutputError: The place cannot be written.
    """
    content = to_onnx(bundle, network, any_size=any_size)
    return write_whole(path, content)


def to_onnx(bundle: Bundle, network: Any, *, any_size: bool = False) -> bytes:
    """Return what `write_onnx` writes.

    Raises:
        UnwritableError: The network has a layer that is not known.
        MissingExtraError: `onnx` is not installed.
    """
    onnx = load_extra("onnx", "onnx")
    spec = bundle.manifest.image
    graph = Graph()
    pixels = _begin(graph, spec, any_size=any_size)
    writer = HeadWriter(last_with_weights(network))
    found = write_network(graph, network, Value(pixels, spec.shape), writer.write)
    outputs = write_ending(graph, found, writer, ending_of(bundle))
    size = ["height", "width"] if any_size else [spec.height, spec.width]
    info = onnx.helper.make_tensor_value_info
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "tellapart",
            [info("image", _UINT8, ["n", *size, spec.channels])],
            [info(name, _FLOAT, _shape(name, bundle, writer)) for name in outputs],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="tellapart",
        producer_version=__version__,
    )
    record = Contract(bundle, any_size).to_record()
    onnx.helper.set_model_props(model, {"tellapart": json.dumps(record, ensure_ascii=False)})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _begin(graph: Graph, spec: ImageSpec, *, any_size: bool) -> str:
    """Return pixels as float32 `(n, c, height, width)`."""
    if any_size:
        return write_fitting(graph, "image", spec)
    numbers = graph.node("Cast", ["image"], "numbers", {"to": _FLOAT})
    return graph.node("Transpose", [numbers], "planes", {"perm": [0, 3, 1, 2]})


def _shape(name: str, bundle: Bundle, writer: HeadWriter) -> list[Any]:
    if name == "novelty":
        return ["n"]
    if name == "features" and writer.features is not None:
        return ["n", writer.features.shape[-1]]
    return ["n", len(bundle.manifest.class_names)]
