"""What executes a bundle's network: pixels in, probabilities and features out."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.bundle import Bundle
from tellapart.data.rows import Rows
from tellapart.images.arrays import Pixels

Outputs = tuple[NDArray[np.float32], ...]
Run = Callable[[Pixels], Outputs]

BATCH = 256
"""The most pictures in one call."""

BATCH_PIXELS = 1 << 20
"""The most pixels in one call, so that large pictures do not fill the memory."""


@dataclass(frozen=True, eq=False)
class Answers:
    """Is what a network says of some pictures, in one forward pass.

    Attributes:
        probabilities: `(n, classes)`, float32.
        features: `(n, width)`, float32: the input of its last layer, or `None` where that
            cannot be had.
    """

    probabilities: NDArray[np.float32]
    features: NDArray[np.float32] | None


class Runtime(Protocol):
    """Is anything that executes a network."""

    def answers(self, pixels: Pixels | Rows) -> Answers:
        """Return probabilities and features for `(n, height, width, channels)`, uint8."""

    def probabilities(self, pixels: Pixels | Rows) -> NDArray[np.float32]:
        """Return `(n, classes)` for `(n, height, width, channels)`, uint8."""


class BatchedRuntime(Runtime):
    """Runs any forward pass, a batch of pictures at a time.

    Args:
        run: The pass: pixels, n at least 1, to probabilities and, where there are any, features.
        classes: How many probabilities a picture has.
        has_features: Whether `run` gives features.
        threads: How many batches run at once.
        largest: The most pictures in a batch; fewer where they are large.
    """

    def __init__(
        self, run: Run, classes: int, *, has_features: bool, threads: int, largest: int = BATCH
    ) -> None:
        self._run, self._classes = run, classes
        self._has_features, self._threads, self._largest = has_features, threads, largest

    @override
    def answers(self, pixels: Pixels | Rows) -> Answers:
        if len(pixels) and len(pixels) <= self._most(pixels):
            return self._answers_of(self._run(pixels[:]))
        parts = self._in_parts(pixels, self._part_run())
        if not parts:
            nothing = np.zeros((1, *pixels.shape[1:]), np.uint8)
            parts = [tuple(array[:0] for array in self._run(nothing))]
        return self._answers_of([np.concatenate(arrays) for arrays in zip(*parts, strict=True)])

    @override
    def probabilities(self, pixels: Pixels | Rows) -> NDArray[np.float32]:
        if not len(pixels):
            return np.empty((0, self._classes), np.float32)
        if len(pixels) <= self._most(pixels):
            return self._run(pixels[:])[0]
        run = self._part_run()
        parts = self._in_parts(pixels, lambda some: run(some)[:1])
        return np.concatenate([part[0] for part in parts])

    def _most(self, pixels: Pixels | Rows) -> int:
        """Return how many of these pictures may be in one call."""
        return batch_size(*pixels.shape[1:3], largest=self._largest)

    def _part_size(self, pixels: Pixels | Rows) -> int:
        """Return how many of these pictures are in each of several calls."""
        return self._most(pixels)

    def _part_run(self) -> Run:
        """Return what runs one of several calls, beside others."""
        return self._run

    def _in_parts(self, pixels: Pixels | Rows, run: Run) -> list[Outputs]:
        """Return the outputs for all pictures, a batch at a time."""
        size = self._part_size(pixels)
        firsts = range(0, len(pixels), size)
        threads = _threads_of(os.getpid(), self._threads)
        return list(threads.map(lambda first: run(pixels[first : first + size]), firsts))

    def _answers_of(self, outputs: Sequence[NDArray[np.float32]]) -> Answers:
        return Answers(outputs[0], outputs[1] if self._has_features else None)


class KerasRuntime(BatchedRuntime):
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
        forward = open_forward(network, output)
        super().__init__(
            forward.run,
            network.output_shape[1],
            has_features=forward.has_features,
            threads=forward.threads,
        )


def open_keras(bundle: Bundle, *, trust: bool = False) -> KerasRuntime:
    """Return the Keras runtime of a bundle.

    Raises:
        TrustError: The network is its maker's own and `trust` is false.
        BundleError: It cannot be rebuilt.
    """
    from tellapart.models.store import rebuild

    network = rebuild(bundle, trust=trust)
    return KerasRuntime(network, bundle.manifest.architecture.output)


@lru_cache
def _threads_of(process: int, count: int) -> ThreadPoolExecutor:
    """Return threads that all runtimes share, and that stay: each holds memory of its own.

    Args:
        process: Whose they are; one that is forked from another has none of its threads.
        count: How many.
    """
    return ThreadPoolExecutor(count, f"runtime-{process}")


def batch_size(height: int, width: int, *, largest: int = BATCH) -> int:
    """Return how many pictures of this size go into one call, a power of two."""
    fitting = min(largest, max(1, BATCH_PIXELS // (height * width)))
    return 1 << (int(fitting).bit_length() - 1)
