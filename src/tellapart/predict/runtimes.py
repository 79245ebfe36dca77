"""What executes a bundle's network: pixels in, probabilities out."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.bundle import Bundle
from tellapart.data.rows import Rows
from tellapart.images.arrays import Pixels

BATCH = 256
"""The most pictures in one call."""

BATCH_PIXELS = 1 << 20
"""The most pixels in one call, so that large pictures do not fill the memory."""


class Runtime(Protocol):
    """Is anything that executes a network."""

    def probabilities(self, pixels: Pixels | Rows) -> NDArray[np.float32]:
        """Return `(n, classes)` for `(n, height, width, channels)`, uint8."""


class KerasRuntime(Runtime):
    """Runs a Keras network on the backend that is loaded, compiled by it once.

    Several threads may ask it at the same time. It follows weights that are set later,
    but its layers must stay as they are.

    Args:
        network: A `keras.Model`.
        output: "probabilities" or "logits": what the network puts out.
    """

    def __init__(self, network: Any, output: Literal["probabilities", "logits"]) -> None:
        from tellapart.models.forward import open_forward

        self.network = network
        self._classes = network.output_shape[1]
        self._forward = open_forward(network, output)

    @override
    def probabilities(self, pixels: Pixels | Rows) -> NDArray[np.float32]:
        if not len(pixels):
            return np.empty((0, self._classes), np.float32)
        size = _batch_size(pixels)
        if len(pixels) <= size:
            return self._forward.run(pixels[:])

        def run(first: int) -> NDArray[np.float32]:
            return self._forward.run(pixels[first : first + size])

        with ThreadPoolExecutor(self._forward.threads) as threads:
            return np.concatenate(list(threads.map(run, range(0, len(pixels), size))))


def open_keras(bundle: Bundle, *, trust: bool = False) -> KerasRuntime:
    """Return the Keras runtime of a bundle.

    Raises:
        TrustError: The network is its maker's own and `trust` is false.
        BundleError: It cannot be rebuilt.
    """
    from tellapart.models.store import rebuild

    network = rebuild(bundle, trust=trust)
    return KerasRuntime(network, bundle.manifest.architecture.output)


def _batch_size(pixels: Pixels | Rows) -> int:
    """Return how many of these pictures go into one call, a power of two."""
    height, width = pixels.shape[1:3]
    fitting = min(BATCH, max(1, BATCH_PIXELS // (height * width)))
    return 1 << (int(fitting).bit_length() - 1)
