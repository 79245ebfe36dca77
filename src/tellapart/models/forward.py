"""The forward pass of a network as its backend runs it fastest, without Keras around it.

Beside the training engines and `explain/gradients.py` this is the only file that names a
backend. Every import of one stands in the function that uses it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tellapart.images.arrays import Pixels

Run = Callable[[Pixels], NDArray[np.float32]]


@dataclass(frozen=True)
class Forward:
    """Is the forward pass of one network.

    Attributes:
        run: Pixels `(n, height, width, channels)`, uint8, n at least 1, to probabilities
            `(n, classes)`.
        threads: How many calls at once are the fastest way through many batches. One
            call leaves processors idle where it begins and ends.
    """

    run: Run
    threads: int


def open_forward(network: keras.Model, output: Literal["probabilities", "logits"]) -> Forward:
    """Return the forward pass of a network, compiled; any number of threads may run it.

    It reads the network's variables at each call, so it follows weights that are set
    later. Layers must not be changed any more.

    Args:
        network: Built; it is called with `training=False`.
        output: What it puts out; logits go through a softmax.

    Example:
        >>> from tellapart.models.guide_cnn import build_guide_cnn
        >>> from tellapart.sections import ImageSpec
        >>> forward = open_forward(build_guide_cnn(ImageSpec(), 10), "probabilities")
        >>> forward.run(np.zeros((3, 28, 28, 1), np.uint8)).shape
        (3, 10)
    """
    backend = keras.backend.backend()
    if network.run_eagerly or backend == "torch":
        return Forward(_open_plain(network, output), threads=1)
    if backend == "jax":
        return Forward(_open_jax(network, output), threads=2)
    return Forward(_open_tensorflow(network, output), threads=2)


def _open_tensorflow(network: keras.Model, output: str) -> Run:
    """Return a graph for any number of images, traced here and nowhere later.

    XLA answers one image a tenth faster and a batch half as fast again, and takes longer to
    compile: not worth a second program whose answers differ in the last digits.
    """
    import tensorflow as tf

    @tf.function(  # type: ignore[untyped-decorator]
        input_signature=[tf.TensorSpec((None, *network.input_shape[1:]), tf.uint8)],
        autograph=False,
    )
    def program(pixels: Any) -> Any:
        return _answer(network, pixels, output)

    graph = program.get_concrete_function()
    captured = list(graph.captured_inputs)

    def run(pixels: Pixels) -> NDArray[np.float32]:
        # what `graph(pixels)` does, without the third of its time that it spends in Python
        (found,) = tf.raw_ops.StatefulPartitionedCall(
            args=[tf.constant(pixels), *captured], Tout=[tf.float32], f=graph
        )
        return np.asarray(found.numpy())

    return run


def _open_jax(network: keras.Model, output: str) -> Run:
    """Return a program that XLA compiles for each power of two; other counts are filled up."""
    import jax

    variables = network.variables

    @jax.jit  # type: ignore[untyped-decorator]
    def program(values: Any, pixels: Any) -> Any:
        with keras.StatelessScope(state_mapping=zip(variables, values, strict=True)):
            return _answer(network, pixels, output)

    def run(pixels: Pixels) -> NDArray[np.float32]:
        count = len(pixels)
        full = 1 << (count - 1).bit_length()
        if full > count:
            padding = np.zeros((full - count, *pixels.shape[1:]), np.uint8)
            pixels = np.concatenate([pixels, padding])
        return np.asarray(program([v.value for v in variables], pixels))[:count]

    return run


def _open_plain(network: keras.Model, output: str) -> Run:
    """Return the network's own call, for PyTorch and for networks that refuse compiling."""

    def run(pixels: Pixels) -> NDArray[np.float32]:
        return np.asarray(ops.convert_to_numpy(_answer(network, pixels, output)))

    if keras.backend.backend() != "torch":
        return run
    import torch

    return cast(Run, torch.no_grad()(run))


def _answer(network: keras.Model, pixels: Any, output: str) -> Any:
    """Return the probabilities of a tensor of pixels, as float32."""
    found = network(ops.cast(pixels, network.inputs[0].dtype), training=False)
    found = ops.cast(found, "float32")
    return ops.softmax(found) if output == "logits" else found
