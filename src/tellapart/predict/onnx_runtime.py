"""ONNX Runtime runs the twin of a bundle's network: no Keras, and no backend of it, is loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tellapart._extras import install_command, load_extra
from tellapart.bundle import TWIN, Bundle
from tellapart.errors import BundleError
from tellapart.images.arrays import Pixels
from tellapart.predict.runtimes import BatchedRuntime, Outputs

ONNX: Final = "onnx"
"""What this runtime is called where Keras' backends are."""

EXTRA = "serve"
"""The extra of tellapart that brings ONNX Runtime without Keras."""

_SILENT = 4
_ERRORS = (
    "EPFail",
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NotImplemented",
    "RuntimeException",
)
"""The errors of ONNX Runtime, which have no common class."""


class OnnxRuntime(BatchedRuntime):
    """Runs a network that is an ONNX file, on the processor.

    Several threads may ask it at the same time.

    Args:
        content: The file, with the input `image`, uint8 `(n, height, width, channels)`, and
            the outputs `probabilities` `(n, classes)` and, perhaps, `features` `(n, width)`.

    Raises:
        BundleError: It is no such file.
        MissingExtraError: ONNX Runtime is not installed.
    """

    def __init__(self, content: bytes) -> None:
        session = _open(content)
        shapes = {output.name: output.shape for output in session.get_outputs()}
        if [given.name for given in session.get_inputs()] != ["image"] or (
            len(shapes.get("probabilities", ())) != 2
        ):
            raise BundleError(
                f"{TWIN} must take `image` and put out `probabilities`. Received: "
                f"{', '.join(given.name for given in session.get_inputs())} and "
                f"{', '.join(shapes)}."
            )
        names = ["probabilities", *(["features"] if "features" in shapes else [])]

        def run(pixels: Pixels) -> Outputs:
            with _bundle_errors():
                return tuple(session.run(names, {"image": pixels}))

        super().__init__(run, shapes["probabilities"][1], has_features=len(names) == 2, threads=1)
        self.fits = (*session.get_inputs()[0].shape[1:], shapes["probabilities"][1])
        """Height, width, channels and classes; a name stands for any number."""


def open_onnx(bundle: Bundle) -> OnnxRuntime:
    """Return what runs a bundle's network without Keras.

    Raises:
        BundleError: The bundle has no twin, or a damaged one, or another network's.
        MissingExtraError: ONNX Runtime is not installed.
    """
    if bundle.twin is None:
        raise BundleError(
            f"This bundle has no {TWIN} in it, so it cannot run without Keras. Fix: leave out "
            "--backend onnx, or train it again where onnx and onnxruntime are installed: "
            f"{install_command('onnx')}"
        )
    runtime = OnnxRuntime(bundle.twin)
    wanted = (*bundle.manifest.image.shape, len(bundle.manifest.class_names))
    if runtime.fits != wanted:
        raise BundleError(
            f"{TWIN} must be for {wanted}: height, width, channels and classes of its bundle. "
            f"Received: {runtime.fits}. Train it again."
        )
    return runtime


def _open(content: bytes) -> Any:
    """Return a session, whose threads sleep between two calls instead of turning round."""
    onnxruntime = load_extra("onnxruntime", EXTRA)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT  # what goes wrong is raised as well
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    with _bundle_errors():
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@contextmanager
def _bundle_errors() -> Iterator[None]:
    """Turn what ONNX Runtime says of a file into a `BundleError`."""
    state = load_extra("onnxruntime.capi.onnxruntime_pybind11_state", EXTRA)
    try:
        yield
    except tuple(getattr(state, name) for name in _ERRORS) as error:
        said = " ".join(str(error).split())[:200]
        raise BundleError(f"{TWIN} in this bundle cannot be run by ONNX Runtime: {said}") from error
