"""From a bundle on disk to its predictor: on ONNX Runtime where it can, else on Keras."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tellapart._extras import has_accelerator, has_keras, is_installed, prepare_keras
from tellapart.bundle import Bundle, open_bundle
from tellapart.predict.onnx_runtime import ONNX, open_onnx
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import open_keras


def open_predictor(path: Path, *, trust: bool = False, backend: str | None = None) -> Predictor:
    """Return the predictor of a bundle on disk.

    Args:
        path: A `.tellapart` file.
        trust: Build a network of its maker's own, which may run code; not needed for ONNX.
        backend: "onnx" to run without Keras, which the bundle must be made for; "tensorflow",
            "jax" or "torch" for Keras, if it is not loaded yet. By default ONNX Runtime, which
            loads in no time and answers soonest, where it is installed and the bundle allows
            it; else Keras, and also where that is loaded already and has a graphics card, since
            ONNX Runtime computes on the processor here.

    Raises:
        BundleError: The file is missing, foreign or damaged.
        TrustError: Keras answers, the network is its maker's own, and `trust` is false.
        MissingExtraError: Nothing that could run it is installed.
        UsageError: There is no such backend.
    """
    return _open(open_bundle(path), backend, trust=trust)


def open_every(
    bundle: Bundle, *, trust: bool = False, backend: str | None = None
) -> Iterator[Predictor]:
    """Yield a predictor for each way to run a bundle here; for `backend` alone if it is given.

    Raises:
        BundleError: A runtime cannot run it.
        TrustError: Keras is asked, the network is its maker's own, and `trust` is false.
        MissingExtraError: Nothing that could run it is installed.
        UsageError: There is no such backend.
    """
    if backend is not None:
        yield _open(bundle, backend, trust=trust)
        return
    if _has_onnx(bundle):
        yield _on_onnx(bundle, trust=trust)
    if has_keras() or not _has_onnx(bundle):
        yield _on_keras(bundle, None, trust=trust)


def _open(bundle: Bundle, backend: str | None, *, trust: bool) -> Predictor:
    if backend == ONNX:
        return Predictor(bundle, open_onnx(bundle))
    if backend is None and _has_onnx(bundle) and not has_accelerator():
        return _on_onnx(bundle, trust=trust)
    return _on_keras(bundle, backend, trust=trust)


def _has_onnx(bundle: Bundle) -> bool:
    return bundle.twin is not None and is_installed("onnxruntime")


def _on_onnx(bundle: Bundle, *, trust: bool) -> Predictor:
    """Return a predictor that loads Keras only if it is asked for the network itself."""

    def network() -> Any:
        prepare_keras()
        from tellapart.models.store import rebuild

        return rebuild(bundle, trust=trust)

    return Predictor(bundle, open_onnx(bundle), network if has_keras() else None)


def _on_keras(bundle: Bundle, backend: str | None, *, trust: bool) -> Predictor:
    prepare_keras(backend)
    return Predictor(bundle, open_keras(bundle, trust=trust))
