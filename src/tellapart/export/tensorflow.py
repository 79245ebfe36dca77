"""SavedModel and LiteRT, written in a process whose backend is TensorFlow.

`python -m tellapart.export.tensorflow FORMAT BUNDLE FILE [--trust] [--any-size]`.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tellapart.errors import ExportError
from tellapart.sections import ImageSpec


def write_by_tensorflow(
    form: str, bundle: Path, path: Path, *, trust: bool = False, any_size: bool = False
) -> Path:
    """Write a bundle as `saved_model` or `litert`, whatever backend runs here.

    Args:
        form: One of the two.
        bundle: A `.tellapart` file.
        path: Where it goes.
        trust: Build a network of its maker's own, which may run code.
        any_size: Let a SavedModel take pictures of any size, and make them fit.

    Raises:
        ExportError: It cannot be written.
    """
    module = ["-P", "-m", "tellapart.export.tensorflow"]  # never what lies in the working folder
    command = [sys.executable, *module, form, str(bundle), str(path)]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    flags = [name for name, on in (("--trust", trust), ("--any-size", any_size)) if on]
    done = subprocess.run(
        [*command, *flags],
        env=environment,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise ExportError(f"{bundle} cannot be written as {form}: {' '.join(last)[-500:]}")
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
        deployed.export(str(target), format="litert", verbose=False)


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
