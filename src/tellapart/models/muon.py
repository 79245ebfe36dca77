"""Muon for convolutional networks: Keras' optimiser, with kernels taken as matrices."""

import math
from typing import Any

import keras
from keras import ops
from typing_extensions import override


@keras.saving.register_keras_serializable(package="tellapart")
class ConvolutionMuon(keras.optimizers.Muon):
    """Orthogonalises the updates of convolution kernels too (Jordan et al. 2024, "Muon").

    Keras' own leaves every kernel that is not a matrix to Adam. Here a kernel of shape
    `(height, width, in, out)` is a matrix of `height · width · in` rows. What has one
    dimension, and the layers that are excluded, stay with Adam.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        if len(variable.shape) != 4:
            return bool(super()._should_use_adamw(variable))
        return any(word in variable.path for word in self.exclude_layers)

    @override
    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Return the orthogonal matrix nearest to a kernel, in the kernel's shape.

        Every step multiplies with a polynomial of the small Gram matrix, and such polynomials
        commute. So the steps are taken on that matrix alone, and the long one is multiplied
        once at the end: the numbers of Keras' own, but for rounding, in a fraction of the work.
        """
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        matrix = matrix / (ops.norm(matrix) + 1e-7)
        is_tall = matrix.shape[0] > matrix.shape[1]
        turned = ops.transpose(matrix)
        gram = ops.matmul(turned, matrix) if is_tall else ops.matmul(matrix, turned)
        whole = None
        for step in range(steps):
            factor = self._factor(gram)
            whole = factor if whole is None else ops.matmul(factor, whole)
            if step < steps - 1:
                gram = ops.matmul(ops.matmul(factor, gram), factor)
        if whole is not None:
            matrix = ops.matmul(matrix, whole) if is_tall else ops.matmul(whole, matrix)
        return ops.reshape(matrix, x.shape)

    def _factor(self, gram: Any) -> Any:
        """Return what one step of the iteration multiplies a matrix with, by its Gram matrix."""
        square = ops.matmul(gram, gram)
        return self.muon_a * ops.eye(gram.shape[0]) + self.muon_b * gram + self.muon_c * square

    @override
    def lr_adjust(self, x: Any) -> Any:
        """Scale an update to the size that Adam's would have (Liu et al. 2025, section 2.2)."""
        if self.rms_rate is None:
            return x
        rows = math.prod(x.shape[:-1])
        return x * (math.sqrt(max(rows, x.shape[-1])) * self.rms_rate)
