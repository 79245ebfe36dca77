"""SavedModel, LiteRT and ONNX of unknown layers, written in a process on TensorFlow.

`python -m tellapart.export.tensorflow FORMAT BUNDLE FILE [--trust] [--any-size]`.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.export.process import run_module
from tellapart.sections import ImageSpec


def write_by_tensorflow(
    form: str, bundle: Path, path: Path, *, trust: bool = False, any_size: bool = False
) -> Path:
    """Write a bundle as `saved_model`, `litert` or `onnx`, whatever backend runs here.

    Args:
        form: One of the three.
        bundle: A `.tellapart` file.
        path: Where it goes.
        trust: Build a network of its maker's own, which may run code.
        any_size: Let a SavedModel take pictures of any size, and make them fit.

    Raises:
        ExportError: It cannot be written.
    """
    flags = [name for name, on in (("--trust", trust), ("--any-size", any_size)) if on]
    run_module(
        ["tellapart.export.tensorflow", form, str(bundle), str(path), *flags],
        f"{bundle} cannot be written as {form}",
        backend="tensorflow",
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
    deployed = deployed_network(network, ending_of(bundle), spec)
    if form == "saved_model":
        _write_saved_model(deployed, spec, target, any_size="--any-size" in words[3:])
    else:
        export_by_keras(deployed, form, target)


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


def _write_saved_model(network: Any, spec: ImageSpec, path: Path, *, any_size: bool) -> None:
    import keras
    import tensorflow as tf

    from tellapart.export.tensors import fit_tensor

    def serve(image: Any) -> Any:
        return network(fit_tensor(image, spec) if any_size else image, training=False)

    shape = (None, None, None, spec.channels) if any_size else (None, *spec.shape)
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serving_default", serve, [tf.TensorSpec(shape, tf.uint8, name="image")])
    archive.write_out(str(path), verbose=False)


if __name__ == "__main__":
    main(sys.argv[1:])
