"""ONNX: a bundle as one graph that any runtime of the format runs, written layer by layer."""

from typing import Any

from tellapart._extras import load_extra
from tellapart._version import __version__
from tellapart.bundle import Bundle
from tellapart.export.contract import KEY, contract_of, contract_text
from tellapart.export.graph import IR_VERSION, OPSET, Graph, UnwritableError, Value
from tellapart.export.head import Ending, HeadWriter, last_with_weights, write_ending
from tellapart.export.network import write_network
from tellapart.export.resize import write_fitting
from tellapart.sections import ImageSpec

MOST_BYTES = 2**31 - 2**20
"""What one file of the format can hold."""

_FLOAT, _UINT8 = 1, 2


def ending_of(bundle: Bundle) -> Ending:
    """Return what follows a bundle's network."""
    manifest, rules = bundle.manifest, bundle.manifest.decisions
    output = manifest.architecture.output
    if rules is None:
        return Ending(output)
    if rules.novelty is None:
        return Ending(output, rules.temperature)
    return Ending(output, rules.temperature, bundle.references, rules.novelty.neighbour)


def to_onnx(bundle: Bundle, network: Any, *, any_size: bool = False) -> bytes:
    """Return a bundle's network as an ONNX file.

    The input `image` is uint8 `(n, height, width, channels)`, 0–255. The outputs are float32:
    `probabilities` `(n, classes)` at the bundle's temperature, `logits` before it, and, where
    the bundle has them, `features` `(n, width)` and `novelty` `(n,)`. What a user must know
    beside is in the metadata `tellapart`, as JSON.

    Args:
        bundle: Class names, pixels and rules.
        network: Its `keras.Model`.
        any_size: Take pictures of any size, and make them fit in the graph.

    Raises:
        UnwritableError: The network has a layer that is not known, or the file is too large.
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
    onnx.helper.set_model_props(model, {KEY: contract_text(contract_of(bundle, any_size=any_size))})
    if model.ByteSize() > MOST_BYTES:
        raise UnwritableError(f"all weights together ({model.ByteSize():,} bytes)")
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        said = " ".join(str(error).split())[:200]
        raise UnwritableError(f"one that ONNX's checker refuses ({said})") from error
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
