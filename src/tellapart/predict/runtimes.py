"""What executes a bundle's network: pixels in, probabilities out."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.bundle import Bundle
from tellapart.images import Pixels

BATCH = 256


class Runtime(Protocol):
    """Is anything that executes a network."""

    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        """Return `(n, classes)` for `(n, height, width, channels)`, uint8."""


class KerasRuntime(Runtime):
    """Runs a Keras network on the backend that is loaded.

    Batches are filled up to a power of two, so that few shapes are ever compiled.

    Args:
        network: A `keras.Model`.
        output: "probabilities" or "logits": what the network puts out.
    """

    def __init__(self, network: Any, output: str) -> None:
        self.network = network
        self._output = output

    @override
    def probabilities(self, pixels: Pixels) -> NDArray[np.float32]:
        if not len(pixels):
            return np.empty((0, self.network.output_shape[1]), np.float32)
        chunks = [self._run(pixels[i : i + BATCH]) for i in range(0, len(pixels), BATCH)]
        return np.concatenate(chunks)

    def _run(self, pixels: Pixels) -> NDArray[np.float32]:
        count = len(pixels)
        full = 1 << (count - 1).bit_length()
        padding = np.zeros((full - count, *pixels.shape[1:]), np.uint8)
        outputs = self.network.predict_on_batch(np.concatenate([pixels, padding]))
        values = np.asarray(outputs, np.float32)[:count]
        return _softmax(values) if self._output == "logits" else values


def open_keras(bundle: Bundle, *, trust: bool = False) -> KerasRuntime:
    """Return the Keras runtime of a bundle.

    Raises:
        TrustError: The network is its maker's own and `trust` is false.
        BundleError: It cannot be rebuilt.
    """
    from tellapart.models.store import rebuild

    network = rebuild(bundle, trust=trust)
    return KerasRuntime(network, bundle.manifest.architecture.output)


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)
