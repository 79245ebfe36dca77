"""How much a score changes with a layer's output, by whichever backend runs.

Beside `models/forward.py` and the training engines this is the only file that names a
backend. Every import of one stands in the function that uses it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tellapart.images.arrays import Pixels

Shape = tuple[int, ...]

Program = Callable[[Any, Any, Any], tuple[Any, Any]]
"""From pixels, a change of a layer's output and class numbers to that output and one score."""

Run = Callable[[Pixels, NDArray[np.int32]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""From pixels and class numbers to a layer's output and the score's gradient, both `(n, …)`."""


def trace(program: Callable[[Any], Any], shape: Shape) -> None:
    """Run a program on a float32 tensor of this shape, for what it notes while it runs.

    Nothing is computed where the backend can do without.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        spec = tf.TensorSpec(shape, tf.float32)
        tf.function(program, input_signature=[spec], autograph=False).get_concrete_function()
    elif backend == "jax":
        import jax

        jax.eval_shape(program, jax.ShapeDtypeStruct(shape, np.float32))
    else:
        program(keras.ops.zeros(shape, "float32"))


def open_gradients(
    program: Program, variables: Sequence[Any], shape: Shape, cells: Shape, *, compiled: bool
) -> Run:
    """Return what computes a layer's output and the gradient of a score with respect to it.

    The score's gradient is taken at a change of zero, which is the gradient with respect to
    the output itself.

    Args:
        program: Adds the change to the layer's output on its way, and returns the output and
            the sum of all samples' scores.
        variables: Every variable that the program reads.
        shape: (height, width, channels) of the pixels.
        cells: (rows, columns, channels) of the layer's output.
        compiled: Whether the backend may compile it.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _open_tensorflow(program, shape, cells, compiled=compiled)
    if backend == "jax":
        return _open_jax(program, variables, cells)
    return _open_torch(program, cells)


def _open_tensorflow(program: Program, shape: Shape, cells: Shape, *, compiled: bool) -> Run:
    import tensorflow as tf

    def differentiate(pixels: Any, classes: Any) -> tuple[Any, Any]:
        change = tf.zeros((tf.shape(pixels)[0], *cells))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(change)
            output, score = program(pixels, change, classes)
        zero = tf.UnconnectedGradients.ZERO
        return output, tape.gradient(score, change, unconnected_gradients=zero)

    if compiled:
        specs = [tf.TensorSpec((None, *shape), tf.uint8), tf.TensorSpec((None,), tf.int32)]
        program_of_tensors = tf.function(differentiate, input_signature=specs, autograph=False)
        differentiate = program_of_tensors.get_concrete_function()

    def run(
        pixels: Pixels, classes: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        output, gradient = differentiate(tf.constant(pixels), tf.constant(classes))
        return output.numpy(), gradient.numpy()

    return run


def _open_jax(program: Program, variables: Sequence[Any], cells: Shape) -> Run:
    """Return a program that XLA compiles for each power of two; other counts are filled up."""
    import jax

    @jax.jit  # type: ignore[untyped-decorator]
    def differentiate(values: Any, pixels: Any, classes: Any) -> tuple[Any, Any]:
        def score(change: Any) -> tuple[Any, Any]:
            with keras.StatelessScope(state_mapping=zip(variables, values, strict=True)):
                output, total = program(pixels, change, classes)
            return total, output

        gradient, output = jax.grad(score, has_aux=True)(
            jax.numpy.zeros((len(pixels), *cells), np.float32)
        )
        return output, gradient

    def run(
        pixels: Pixels, classes: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        count = len(pixels)
        more = (1 << (count - 1).bit_length()) - count
        pixels = np.concatenate([pixels, np.zeros((more, *pixels.shape[1:]), np.uint8)])
        classes = np.concatenate([classes, np.zeros(more, np.int32)])
        output, gradient = differentiate([v.value for v in variables], pixels, classes)
        return np.asarray(output)[:count], np.asarray(gradient)[:count]

    return run


def _open_torch(program: Program, cells: Shape) -> Run:
    import torch

    def run(
        pixels: Pixels, classes: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        change = keras.ops.zeros((len(pixels), *cells), "float32").requires_grad_()
        output, score = program(
            keras.ops.convert_to_tensor(pixels), change, keras.ops.convert_to_tensor(classes)
        )
        (gradient,) = torch.autograd.grad(score, change)
        return (
            keras.ops.convert_to_numpy(output.detach()),
            keras.ops.convert_to_numpy(gradient),
        )

    return run
