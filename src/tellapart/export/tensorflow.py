"""SavedModel, LiteRT and ONNX of unknown layers, written in a process on TensorFlow.

`python -m tellapart.export.tensorflow FORMAT BUNDLE FILE [--trust]`.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.export.formats import ANY_SIZE, MAIN
from tellapart.export.process import run_module
from tellapart.sections import ImageSpec


def write_by_tensorflow(form: str, bundle: Path, path: Path, *, trust: bool = False) -> Path:
    """Write a bundle as `saved_model`, `litert` or `onnx`, whatever backend runs here.

    Args:
        form: One of the three.
        bundle: A `.tellapart` file.
        path: Where it goes.
        trust: Build a network of its maker's own, which may run code.

    Raises:
        ExportError: It cannot be written.
    """
    flags = ["--trust"] if trust else []
    run_module(
        ["tellapart.export.tensorflow", form, str(bundle), str(path), *flags],
        f"{bundle} cannot be written as {form}",
        backend="tensorflow",
        same_path=trust,
    )
    return path


def main(words: list[str]) -> None:
    """Write one file."""
    from tellapart.bundle import open_bundle
    from tellapart.export.deployed import deployed_network
    from tellapart.export.onnx import ending_of
    from tellapart.models.store import rebuild

    form, given, target = words[0], Path(words[1]), Path(words[2])
    bundle = open_bundle(given)
    network = rebuild(bundle, trust="--trust" in words[3:])
    spec = bundle.manifest.image
    write_deployed(deployed_network(network, ending_of(bundle), spec), form, spec, target)


def write_deployed(network: Any, form: str, spec: ImageSpec, path: Path) -> None:
    """Write a network here and now, with Keras on TensorFlow.

    Args:
        network: From `deployed_network`.
        form: "saved_model", "litert" or "onnx".
        spec: The pixels that it takes.
        path: Where it goes.
    """
    if form == "saved_model":
        _write_saved_model(network, spec, path)
    else:
        export_by_keras(network, form, path)


def export_by_keras(network: Any, form: str, path: Path) -> None:
    """Write a network by Keras' own exporter: `litert` or `onnx`.

    Args:
        network: From `deployed_network`.
        form: One of the two.
        path: Where it goes.
    """
    network(np.zeros((1, *network.input_shape[1:]), np.uint8))  # it exports none never called
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converters use what NumPy will give up
        network.export(str(path), format=form, verbose=False)


def _write_saved_model(network: Any, spec: ImageSpec, path: Path) -> None:
    """Write a network with two entries: for pictures of its own size, and of any."""
    import keras
    import tensorflow as tf

    from tellapart.export.tensors import fit_tensor

    def serve(image: Any) -> Any:
        return network(image, training=False)

    def fit_and_serve(image: Any) -> Any:
        return network(fit_tensor(image, spec), training=False)

    def pictures(*size: int | None) -> list[Any]:
        return [tf.TensorSpec((None, *size, spec.channels), tf.uint8, name="image")]

    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint(MAIN, serve, pictures(spec.height, spec.width))
    archive.add_endpoint(ANY_SIZE, fit_and_serve, pictures(None, None))
    archive.write_out(str(path), verbose=False)


if __name__ == "__main__":
    main(sys.argv[1:])
