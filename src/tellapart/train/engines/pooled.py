"""Convolution and max-pooling as one layer of matrix products: the same numbers, faster.

Compiled for a processor, the gradients of a small convolution and of max-pooling are the
slowest parts of a small network. Here both are written with products of matrices, whose
gradients are products again. The weights are those of the convolution that it stands for.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from typing_extensions import override

MOST_INPUTS = 4
"""Up to so many channels, one product makes all four members of a pooled square."""


class PooledConvolution(keras.layers.Layer):
    """Stands for a `Conv2D` with a 2×2 `MaxPooling2D` after it, and shares its weights.

    Args:
        convolution: Built; stride 1, and an activation that never falls.
    """

    def __init__(self, convolution: keras.layers.Conv2D) -> None:
        super().__init__(
            name=f"tellapart_pooled_{convolution.name}", dtype=convolution.dtype_policy
        )
        self.convolution = convolution

    @override
    def call(self, inputs: Any) -> Any:
        """Return `(n, height // 2, width // 2, filters)` of the convolution's output."""
        convolution = self.convolution
        if convolution.padding == "same":
            size = convolution.kernel_size
            sides = [((k - 1) // 2, k // 2) for k in size]
            inputs = ops.pad(inputs, [(0, 0), *sides, (0, 0)])
        small = inputs.shape[3] <= MOST_INPUTS and convolution.kernel_size == (3, 3)
        pooled = (_wide if small else _narrow)(inputs, convolution.kernel)
        if convolution.use_bias:
            pooled = pooled + convolution.bias
        return convolution.activation(pooled)


def can_stand_for(convolution: Any, pool: Any) -> bool:
    """Return whether a `PooledConvolution` gives what these two layers give."""
    return (
        type(convolution) is keras.layers.Conv2D
        and type(pool) is keras.layers.MaxPooling2D
        and tuple(convolution.strides) == (1, 1)
        and tuple(convolution.dilation_rate) == (1, 1)
        and convolution.groups == 1
        and convolution.activity_regularizer is pool.activity_regularizer is None
        and convolution.data_format == pool.data_format == "channels_last"
        and convolution.activation in (keras.activations.relu, keras.activations.linear)
        and tuple(pool.pool_size) == tuple(pool.strides) == (2, 2)
        and pool.padding == "valid"
        and not convolution.lora_enabled
        and not convolution.quantization_mode
    )


def _wide(inputs: Any, kernel: Any) -> Any:
    """Return the pooled convolution by one product with a kernel spread over 4×4 squares."""
    _, height, width, channels = inputs.shape
    filters = kernel.shape[-1]
    high, wide = (height - 2) // 2, (width - 2) // 2
    squares = ops.concatenate(
        [inputs[:, i : i + 2 * high : 2, j : j + 2 * wide : 2] for i in range(4) for j in range(4)],
        axis=-1,
    )
    spread = ops.matmul(_SPREAD, ops.reshape(kernel, (9, channels * filters)))
    spread = ops.transpose(ops.reshape(spread, (16, 4, channels, filters)), (0, 2, 1, 3))
    flat = ops.matmul(
        ops.reshape(squares, (-1, 16 * channels)),
        ops.reshape(spread, (16 * channels, 4 * filters)),
    )
    pooled = _largest(ops.reshape(flat, (-1, 4, filters)))
    return ops.reshape(pooled, (-1, high, wide, filters))


def _narrow(inputs: Any, kernel: Any) -> Any:
    """Return the pooled convolution by one product with each place's neighbourhood."""
    _, height, width, channels = inputs.shape
    tall, broad, _, filters = kernel.shape
    high, wide = (height - tall + 1) // 2 * 2, (width - broad + 1) // 2 * 2
    neighbours = ops.concatenate(
        [inputs[:, i : i + high, j : j + wide] for i in range(tall) for j in range(broad)],
        axis=-1,
    )
    length = tall * broad * channels
    flat = ops.matmul(ops.reshape(neighbours, (-1, length)), ops.reshape(kernel, (length, filters)))
    return _pool(ops.reshape(flat, (-1, high, wide, filters)))


@ops.custom_gradient  # type: ignore[untyped-decorator]
def _largest(members: Any) -> Any:
    """Return the largest of each row's four members; the gradient goes to the first largest."""
    pooled, first = _first_largest(*(members[:, n] for n in range(4)))

    def gradient(*arguments: Any, upstream: Any = None) -> Any:
        coming = arguments[0] if upstream is None else upstream
        return ops.stack(_shares(first, coming), axis=1)

    return pooled, gradient


@ops.custom_gradient  # type: ignore[untyped-decorator]
def _pool(values: Any) -> Any:
    """Return the maxima of 2×2 squares; the gradient goes to the first maximum of each."""
    _, height, width, channels = values.shape
    squares = ops.reshape(values, (-1, height // 2, 2, width // 2, 2, channels))
    pooled, first = _first_largest(*(squares[:, :, n // 2, :, n % 2] for n in range(4)))

    def gradient(*arguments: Any, upstream: Any = None) -> Any:
        coming = arguments[0] if upstream is None else upstream
        a, b, c, d = _shares(first, coming)
        rows = ops.stack([ops.stack([a, b], axis=3), ops.stack([c, d], axis=3)], axis=2)
        return ops.reshape(rows, (-1, height, width, channels))

    return pooled, gradient


def _first_largest(a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Any]:
    """Return the largest of four and the number, 0 to 3, of the first that is as large.

    The numbers are floats: a comparison of whole numbers that chooses among floats is four
    times slower once compiled, since it is not done several at a time.
    """
    pooled = ops.maximum(ops.maximum(a, b), ops.maximum(c, d))
    first = ops.where(
        a == pooled, 0.0, ops.where(b == pooled, 1.0, ops.where(c == pooled, 2.0, 3.0))
    )
    return pooled, first


def _shares(first: Any, coming: Any) -> list[Any]:
    """Return what of a gradient goes to each of the four."""
    return [ops.where(first == float(n), coming, 0.0) for n in range(4)]


def _spread_matrix() -> NDArray[np.float32]:
    """Return the matrix that lays a 3×3 kernel into the 4×4 square of each of four places."""
    matrix = np.zeros((4, 4, 4, 3, 3), np.float32)
    for place, i, j in np.ndindex(4, 3, 3):
        matrix[place // 2 + i, place % 2 + j, place, i, j] = 1.0
    return matrix.reshape(64, 9)


_SPREAD = _spread_matrix()
