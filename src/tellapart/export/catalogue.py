"""The formats that a bundle can be written in: one function each, all of one shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tellapart._extras import load_extra
from tellapart.bundle import Bundle
from tellapart.errors import UsageError
from tellapart.export.graph import UnwritableError
from tellapart.export.onnx import ending_of, to_onnx, write_onnx
from tellapart.export.proof import ExportError
from tellapart.export.tensorflow import write_by_tensorflow


@dataclass(frozen=True, eq=False)
class Order:
    """Is what is to be written.

    Attributes:
        source: The bundle's file.
        bundle: What is in it.
        network: Its `keras.Model`.
        path: Where the file goes.
        any_size: Whether it makes pictures fit by itself.
        trust: Whether a network of its maker's own may be built.
    """

    source: Path
    bundle: Bundle
    network: Any
    path: Path
    any_size: bool = False
    trust: bool = False


Writer = Callable[[Order], Path]


def _to_onnx(order: Order) -> Path:
    try:
        return write_onnx(order.bundle, order.network, order.path, any_size=order.any_size)
    except UnwritableError as error:
        return _by_keras(order, error)


def _by_keras(order: Order, reason: UnwritableError) -> Path:
    """Write a network with layers that only Keras knows, by Keras' own exporter."""
    _refuse_any_size(order)
    from tellapart.export.deployed import deployed_network

    spec = order.bundle.manifest.image
    try:
        network = deployed_network(order.network, ending_of(order.bundle), spec)
        network.export(str(order.path), format="onnx", verbose=False)
    except ImportError as error:
        raise ExportError(
            f"The network has a layer that only Keras' own exporter may know ({reason}), and that "
            f"needs more: {error}"
        ) from error
    except (NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise ExportError(
            f"The network has a layer that cannot be written as ONNX: {reason}. "
            f"Keras' own exporter says: {' '.join(str(error).split())[:300]}"
        ) from error
    return order.path


def _to_saved_model(order: Order) -> Path:
    _refuse_any_size(order)
    return write_by_tensorflow("saved_model", order.source, order.path, trust=order.trust)


def _to_litert(order: Order) -> Path:
    _refuse_any_size(order)
    return write_by_tensorflow("litert", order.source, order.path, trust=order.trust)


def _to_keras(order: Order) -> Path:
    _refuse_any_size(order)
    from tellapart.export.deployed import deployed_network

    spec = order.bundle.manifest.image
    network = deployed_network(order.network, ending_of(order.bundle), spec)
    network.save(order.path)
    return order.path


def _to_openvino(order: Order) -> Path:
    """Write OpenVINO's pair of files, by way of ONNX."""
    openvino = load_extra("openvino", "openvino")
    try:
        content = to_onnx(order.bundle, order.network, any_size=order.any_size)
    except UnwritableError as error:
        raise ExportError(f"The network has a layer that cannot be written: {error}.") from error
    model = openvino.Core().read_model(content)
    openvino.save_model(model, str(order.path), compress_to_fp16=False)
    return order.path


def _refuse_any_size(order: Order) -> None:
    if order.any_size:
        raise UsageError("Pictures of any size can go into ONNX and OpenVINO files only.")


WRITERS: Mapping[str, Writer] = MappingProxyType(
    {
        "keras": _to_keras,
        "litert": _to_litert,
        "onnx": _to_onnx,
        "openvino": _to_openvino,
        "saved_model": _to_saved_model,
    }
)
"""Beside `FORMATS`, which says how each is run."""
