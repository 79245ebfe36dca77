"""From a bundle on disk to its predictor: on Keras, or without it."""

from pathlib import Path

from tellapart._extras import has_keras, prepare_keras
from tellapart.bundle import open_bundle
from tellapart.predict.onnx_runtime import ONNX, open_onnx
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import open_keras


def open_predictor(path: Path, *, trust: bool = False, backend: str | None = None) -> Predictor:
    """Return the predictor of a bundle on disk.

    Args:
        path: A `.tellapart` file.
        trust: Build a network of its maker's own, which may run code.
        backend: "onnx" to run without Keras, which the bundle must be made for; "tensorflow",
            "jax" or "torch" for Keras, if it is not loaded yet. By default Keras where it is
            installed with a backend, and else ONNX Runtime where the bundle allows it.

    Raises:
        BundleError: The file is missing, foreign or damaged.
        TrustError: The network is its maker's own and `trust` is false.
        MissingExtraError: Nothing that could run it is installed.
        UsageError: There is no such backend.
    """
    bundle = open_bundle(path)
    if backend == ONNX or (backend is None and bundle.twin is not None and not has_keras()):
        return Predictor(bundle, open_onnx(bundle))
    prepare_keras(backend)
    return Predictor(bundle, open_keras(bundle, trust=trust))
