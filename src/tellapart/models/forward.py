"""The forward pass of a network as its backend runs it fastest, without Keras around it.

Beside the training engines, `draws.py` and `explain/gradients.py` this is the only file that
names a backend. Every import of one stands in the function that uses it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tellapart.images.arrays import Pixels
from tellapart.models.features import features_tensor, flatten_features

Outputs = tuple[NDArray[np.float32], ...]
Run = Callable[[Pixels], Outputs]


@dataclass(frozen=True)
class Forward:
    """Is the forward pass of one network.

    Attributes:
        run: Pixels `(n, height, width, channels)`, uint8, n at least 1, to probabilities
            `(n, classes)` and, where `has_features`, features `(n, width)` of the same pass.
        has_features: Whether the features of the network's last layer can be had.
        threads: How many calls at once are the fastest way through many batches. One
            call leaves processors idle where it begins and ends.
    """

    run: Run
    has_features: bool
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
        >>> probabilities, features = forward.run(np.zeros((3, 28, 28, 1), np.uint8))
        >>> probabilities.shape, features.shape
        ((3, 10), (3, 64))
    """
    backend = keras.backend.backend()
    features = features_tensor(network)
    called = network if features is None else keras.Model(network.inputs, _both(network, features))
    is_plain = network.run_eagerly or backend == "torch"
    opener = _open_plain if is_plain else _open_jax if backend == "jax" else _open_tensorflow
    return Forward(opener(called, output), features is not None, threads=1 if is_plain else 2)


def _both(network: keras.Model, features: Any) -> list[Any]:
    return [network.outputs[0], features]


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
    kinds = [tf.float32] * len(network.outputs)

    def run(pixels: Pixels) -> Outputs:
        # what `graph(pixels)` does, without the third of its time that it spends in Python
        found = tf.raw_ops.StatefulPartitionedCall(
            args=[tf.constant(pixels), *captured], Tout=kinds, f=graph
        )
        return tuple([np.asarray(tensor.numpy()) for tensor in found])

    return run


def _open_jax(network: keras.Model, output: str) -> Run:
    """Return a program that XLA compiles for each power of two; other counts are filled up."""
    import jax

    variables = network.variables

    @jax.jit  # type: ignore[untyped-decorator]
    def program(values: Any, pixels: Any) -> Any:
        with keras.StatelessScope(state_mapping=zip(variables, values, strict=True)):
            return _answer(network, pixels, output)

    def run(pixels: Pixels) -> Outputs:
        count = len(pixels)
        full = 1 << (count - 1).bit_length()
        if full > count:
            padding = np.zeros((full - count, *pixels.shape[1:]), np.uint8)
            pixels = np.concatenate([pixels, padding])
        found = program([v.value for v in variables], pixels)
        return tuple([np.asarray(array)[:count] for array in found])

    return run


def _open_plain(network: keras.Model, output: str) -> Run:
    """Return the network's own call, for PyTorch and for networks that refuse compiling."""

    def run(pixels: Pixels) -> Outputs:
        found = _answer(network, pixels, output)
        return tuple([np.asarray(ops.convert_to_numpy(tensor)) for tensor in found])

    if keras.backend.backend() != "torch":
        return run
    import torch

    def run_without_gradients(pixels: Pixels) -> Outputs:
        with torch.no_grad():
            return run(pixels)

    return run_without_gradients


def _answer(network: keras.Model, pixels: Any, output: str) -> tuple[Any, ...]:
    """Return the probabilities of a tensor of pixels, and the features if there are any."""
    found = network(ops.cast(pixels, network.inputs[0].dtype), training=False)
    first, *others = found if isinstance(found, list | tuple) else [found]
    is_short = keras.backend.standardize_dtype(first.dtype) != "float32"
    first = ops.cast(first, "float32")
    if output == "logits":
        first = ops.softmax(first)
    elif is_short:  # probabilities in 16 bits sum to 1 in two digits only
        first = first / ops.sum(first, axis=-1, keepdims=True)
    return (first, *(flatten_features(tensor) for tensor in others))
