"""ONNX Runtime runs the twin of a bundle's network: no Keras, and no backend of it, is loaded."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from typing_extensions import override

from tellapart._extras import install_command, load_extra
from tellapart.bundle import TWIN, Bundle
from tellapart.data.loading import processors
from tellapart.data.rows import Rows
from tellapart.errors import BundleError
from tellapart.images.arrays import Pixels
from tellapart.predict.runtimes import BATCH_PIXELS, BatchedRuntime, Outputs, Run

ONNX: Final = "onnx"
"""What this runtime is called where Keras' backends are."""

EXTRA = "serve"
"""The extra of tellapart that brings ONNX Runtime without Keras."""

PART = 64
"""The most pictures in one call: what the layers put out then stays near the processor."""

THREADS = 8
"""That answer at once, at most: each may hold some memory, and needs a processor."""

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

    Several threads may ask it at the same time. All processors share the work on a few
    pictures; of more, each takes some by itself, which needs no waiting for one another.

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
        self._content, self._names = content, names
        super().__init__(
            _runner(session, names),
            shapes["probabilities"][1],
            has_features=len(names) == 2,
            threads=min(processors(), THREADS),
            largest=PART,
        )
        self._alone, self._opening = None if self._threads > 1 else self._run, Lock()
        self.fits = (*session.get_inputs()[0].shape[1:], shapes["probabilities"][1])
        """Height, width, channels and classes; a name stands for any number."""

    @override
    def _part_run(self) -> Run:
        """Return what runs on one processor; opened when many pictures come for the first time."""
        with self._opening:
            if self._alone is None:
                self._alone = _runner(_open(self._content, threads=1), self._names)
            return self._alone

    @override
    def _part_size(self, pixels: Pixels | Rows) -> int:
        # as many calls for each processor as for another, which hold no more pixels than one may
        count, together = len(pixels), BATCH_PIXELS // math.prod(pixels.shape[1:3])
        most = max(1, min(PART, together // self._threads))
        rounds = max(1, math.ceil(count / (most * self._threads)))
        return max(1, math.ceil(count / (rounds * self._threads)))


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
    try:
        runtime = OnnxRuntime(bundle.twin)
    except BundleError as error:
        raise BundleError(
            f"{error} Fix: train it again, or let Keras answer, as by --backend tensorflow "
            "(backend='tensorflow')"
        ) from error
    wanted = (*bundle.manifest.image.shape, len(bundle.manifest.class_names))
    if runtime.fits != wanted:
        raise BundleError(
            f"{TWIN} must be for {wanted}: height, width, channels and classes of its bundle. "
            f"Received: {runtime.fits}. Train it again."
        )
    return runtime


def _open(content: bytes, *, threads: int = 0) -> Any:
    """Return a session, whose threads sleep between two calls instead of turning round.

    Args:
        content: The file.
        threads: That share the work on one call; 0 for all processors.
    """
    onnxruntime = load_extra("onnxruntime", EXTRA)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT  # what goes wrong is raised as well
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    with _bundle_errors():
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _runner(session: Any, names: list[str]) -> Run:
    """Return what a session puts out for pixels, by the names of its outputs."""

    def run(pixels: Pixels) -> Outputs:
        with _bundle_errors():
            return tuple(session.run(names, {"image": pixels}))

    return run


@contextmanager
def _bundle_errors() -> Iterator[None]:
    """Turn what ONNX Runtime says of a file into a `BundleError`."""
    state = load_extra("onnxruntime.capi.onnxruntime_pybind11_state", EXTRA)
    try:
        yield
    except tuple(getattr(state, name) for name in _ERRORS) as error:
        said = " ".join(str(error).split())[:200]
        raise BundleError(f"{TWIN} in this bundle cannot be run by ONNX Runtime: {said}") from error
