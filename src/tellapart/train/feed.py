"""How samples reach Keras: the only file of training that knows which backend runs."""

from collections.abc import Mapping
from typing import Any, Protocol

import keras
from typing_extensions import override

from tellapart.data.prepare import Part
from tellapart.data.samples import Indices
from tellapart.recipe import ImageSpec


class Feed(Protocol):
    """Hands the samples of one split to `fit` and `evaluate`, in any order."""

    def arguments(self, order: Indices, batch_size: int) -> Mapping[str, Any]:
        """Return the arguments of `fit` that stand for the samples, in this order."""


class ArrayFeed(Feed):
    """Gathers the pixels once for each call, as uint8, and lets Keras cut the batches.

    Args:
        part: Pixels and targets.
    """

    def __init__(self, part: Part) -> None:
        self._part = part

    @override
    def arguments(self, order: Indices, batch_size: int) -> Mapping[str, Any]:
        return {
            "x": self._part.pixels[order],
            "y": self._part.targets[order],
            "batch_size": batch_size,
        }


class TensorFlowFeed(Feed):
    """Keeps the pixels in one uint8 tensor and gathers each batch from it.

    tf.data's automatic tuning is off: its thread sleeps in doubling periods, and an epoch
    of Keras ends only when it wakes, after 10.23 or 20.47 seconds (decision 002).

    Args:
        part: Pixels and targets.
    """

    def __init__(self, part: Part) -> None:
        import tensorflow as tf

        self._pixels = tf.constant(part.pixels)
        self._targets = tf.constant(part.targets)

    @override
    def arguments(self, order: Indices, batch_size: int) -> Mapping[str, Any]:
        import tensorflow as tf

        places = tf.constant(order)

        def batch(step: Any) -> tuple[Any, Any]:
            chosen = places[step * batch_size : (step + 1) * batch_size]
            return tf.gather(self._pixels, chosen), tf.gather(self._targets, chosen)

        options = tf.data.Options()
        options.autotune.enabled = False
        steps = -(-len(order) // batch_size)
        return {"x": tf.data.Dataset.range(steps).map(batch).prefetch(2).with_options(options)}


def steps_at_once(image: ImageSpec) -> int:
    """Return how many steps one call of the compiled function should make.

    TensorFlow loops inside the graph, which saves a tenth of the time of small steps; a
    stop and a broken loss are then noticed after at most that many. JAX loops in Python,
    and PyTorch not at all.
    """
    small = image.height * image.width <= 32 * 32
    return 16 if small and keras.backend.backend() == "tensorflow" else 1


def open_feed(part: Part) -> Feed:
    """Return the feed that suits the backend that runs."""
    if keras.backend.backend() == "tensorflow":
        return TensorFlowFeed(part)
    return ArrayFeed(part)
