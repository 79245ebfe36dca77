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
        """Return the orthogonal matrix nearest to a kernel, in the kernel's shape."""
        matrix = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    @override
    def lr_adjust(self, x: Any) -> Any:
        """Scale an update to the size that Adam's would have (Liu et al. 2025, section 2.2)."""
        if self.rms_rate is None:
            return x
        rows = math.prod(x.shape[:-1])
        return x * (math.sqrt(max(rows, x.shape[-1])) * self.rms_rate)
