"""The formats that a bundle can be written in: one function each, all of one shape."""

import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tellapart._extras import is_installed, load_extra
from tellapart.bundle import Bundle
from tellapart.errors import ExportError, UsageError
from tellapart.export.contract import FILE, KEY, contract_of, contract_text
from tellapart.export.formats import ANY_SIZE
from tellapart.export.graph import UnwritableError
from tellapart.export.onnx import ending_of, to_onnx
from tellapart.export.tensorflow import export_by_keras, write_by_tensorflow, write_deployed


@dataclass(frozen=True, eq=False)
class Order:
    """Is what is to be written.

    Attributes:
        source: The bundle's file.
        bundle: What is in it.
        network: Its `keras.Model`.
        any_size: Whether the file's one entry makes pictures of any size fit.
        trust: Whether a network of its maker's own may be built.
    """

    source: Path
    bundle: Bundle
    network: Any
    any_size: bool = False
    trust: bool = False

    def contract(self, *, in_8_bits: bool = False, entry: str | None = None) -> str:
        """Return what the file tells whoever runs it."""
        found = contract_of(self.bundle, any_size=self.any_size, in_8_bits=in_8_bits, entry=entry)
        return contract_text(found)

    def own_modules(self) -> list[str]:
        """Return the modules that register the layers of a network of its maker's own."""
        from tellapart.models.custom import own_modules

        return sorted(own_modules(self.bundle.manifest.architecture.config))


Writer = Callable[[Order, Path], None]


def _to_onnx(order: Order, path: Path) -> None:
    """Write ONNX by our own writer or, for layers that only Keras knows, by Keras' exporter."""
    try:
        path.write_bytes(to_onnx(order.bundle, order.network, any_size=order.any_size))
    except UnwritableError as error:
        if order.any_size:
            raise ExportError(
                f"The network has a layer that cannot be written as ONNX for pictures of any "
                f"size: {error}. Fix: leave out --any-size"
            ) from error
        _by_keras(order, path, error)


def _by_keras(order: Order, path: Path, reason: UnwritableError) -> None:
    """Write ONNX by Keras' exporter, which needs tf2onnx, and elsewhere other packages."""
    import keras

    onnx = load_extra("onnx", "onnx")
    try:
        if keras.backend.backend() == "tensorflow" or not is_installed("tensorflow"):
            export_by_keras(_deployed(order), "onnx", path)
        else:
            write_by_tensorflow("onnx", order.source, path, trust=order.trust)
    except Exception as error:  # whatever the converter that it calls raises
        raise ExportError(
            f"The network has a layer that cannot be written as ONNX: {reason}. Keras' own "
            f"exporter says: {' '.join(str(error).split())[:300]}"
        ) from error
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, {KEY: order.contract()})
    onnx.save(model, str(path))


def _by_tensorflow(order: Order, form: str, path: Path) -> None:
    """Write `saved_model` or `litert`, in a process of its own where that can know all layers."""
    import keras

    is_own = order.bundle.manifest.architecture.config is not None
    if not is_own or keras.backend.backend() != "tensorflow":
        write_by_tensorflow(form, order.source, path, trust=order.trust)
        return
    try:  # layers of a user's own may be registered in this process alone
        write_deployed(_deployed(order), form, order.bundle.manifest.image, path)
    except Exception as error:  # whatever TensorFlow raises
        said = " ".join(str(error).split())[:300]
        raise ExportError(f"{order.source} cannot be written as {form}: {said}") from error


def _to_saved_model(order: Order, path: Path) -> None:
    """Write a SavedModel; what must be known lies in it as a file."""
    _by_tensorflow(order, "saved_model", path)
    (path / FILE).write_text(order.contract(entry=ANY_SIZE), "utf-8")


def _to_litert(order: Order, path: Path) -> None:
    """Write LiteRT; what must be known is an "associated file", a zip archive at its end."""
    _by_tensorflow(order, "litert", path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(zipfile.ZipInfo(FILE), order.contract())


def _to_keras(order: Order, path: Path) -> None:
    """Write Keras' own format; what must be known lies beside it."""
    _deployed(order).save(path)
    path.with_name(f"{path.name}.json").write_text(order.contract(), "utf-8")


def _to_openvino(order: Order, path: Path) -> None:
    """Write OpenVINO's pair of files, by way of ONNX."""
    openvino = load_extra("openvino", "openvino")
    way = path.with_suffix(".onnx")
    _to_onnx(order, way)
    try:
        model = openvino.Core().read_model(str(way))
    except RuntimeError as error:
        said = " ".join(str(error).split())[:300]
        raise ExportError(f"OpenVINO cannot read the network as ONNX: {said}") from error
    way.unlink()
    model.set_rt_info(order.contract(), [KEY])
    openvino.save_model(model, str(path), compress_to_fp16=False)


def _deployed(order: Order) -> Any:
    from tellapart.export.deployed import deployed_network

    return deployed_network(order.network, ending_of(order.bundle), order.bundle.manifest.image)


def check_any_size(form: str) -> None:
    """See that a format's one entry can make pictures of any size fit.

    Raises:
        UsageError: It cannot, or another entry does so anyway.
    """
    if form == "openvino":
        raise UsageError(
            "OpenVINO computes a graph that makes pictures fit in 32 bits, which gives other "
            "pixels than tellapart's. Fix: --to onnx, or leave out --any-size"
        )
    if form == "saved_model":
        raise UsageError(
            f"A SavedModel always has the entry `{ANY_SIZE}`, which takes pictures of any size. "
            "Fix: leave out --any-size"
        )
    if form != "onnx":
        raise UsageError(
            "Only ONNX files and SavedModels can make pictures of any size fit. "
            f"Received: --to {form}. "
            "Fix: --to onnx, or leave out --any-size"
        )


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
