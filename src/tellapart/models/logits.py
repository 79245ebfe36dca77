"""What stands before a network's last softmax."""

from typing import Any

import keras
from keras import ops
from typing_extensions import override


class Logits(keras.layers.Layer):
    """Stands for a last `Dense` with softmax, and leaves the softmax to whoever comes after.

    Args:
        dense: Built.
    """

    def __init__(self, dense: keras.layers.Dense) -> None:
        super().__init__(name=f"tellapart_logits_{dense.name}", dtype=dense.dtype_policy)
        self.dense = dense

    @override
    def call(self, inputs: Any) -> Any:
        """Return `(n, classes)`, not normalised."""
        logits = ops.matmul(inputs, self.dense.kernel)
        return logits + self.dense.bias if self.dense.use_bias else logits


class Logarithm(keras.layers.Layer):
    """Turns probabilities into what a softmax would make them of."""

    def __init__(self) -> None:
        super().__init__(name="tellapart_logarithm", dtype="float32")

    @override
    def call(self, inputs: Any) -> Any:
        """Return the logarithm, of at least 1e-7 as in Keras' loss."""
        return ops.log(ops.clip(inputs, 1e-7, 1.0))


def ends_in_softmax(layer: Any) -> bool:
    """Return whether a layer is a plain `Dense` with softmax, which `Logits` can stand for."""
    return (
        type(layer) is keras.layers.Dense
        and layer.activation is keras.activations.softmax
        and layer.activity_regularizer is None
        and not layer.lora_enabled
        and not layer.quantization_mode
    )
