"""The operators that `resize` writes, computed by TensorFlow: one formula for two formats."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tellapart.export.resize import write_fitting
from tellapart.sections import ImageSpec

_TYPES = {1: tf.float32, 7: tf.int64, 11: tf.float64}
"""ONNX's numbers of types."""


def _pad(tensor: Any, pads: Any, value: Any) -> Any:
    """Pad by all numbers before, then all behind, as ONNX lists them."""
    return tf.pad(tensor, tf.transpose(tf.reshape(pads, (2, -1))), constant_values=value)


_OPERATORS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "Abs": tf.abs,
        "Add": tf.add,
        "Cast": lambda tensor, to: tf.cast(tensor, _TYPES[to]),
        "Clip": tf.clip_by_value,
        "Concat": lambda *tensors, axis: tf.concat(tensors, axis),
        "CumSum": tf.cumsum,
        "Div": tf.divide,
        "Equal": tf.equal,
        "Floor": tf.floor,
        "Gather": tf.gather,
        "Less": tf.less,
        "MatMul": tf.matmul,
        "Max": tf.maximum,
        "Min": tf.minimum,
        "Mul": tf.multiply,
        "Pad": _pad,
        "Range": tf.range,
        "ReduceSum": lambda tensor, axes: tf.reduce_sum(tensor, axes, keepdims=True),
        "Round": tf.round,
        "Shape": lambda tensor: tf.shape(tensor, tf.int64),
        "Sign": tf.sign,
        "Sin": tf.sin,
        "Sub": tf.subtract,
        "Transpose": tf.transpose,
        "Unsqueeze": lambda tensor, axes: tf.expand_dims(tensor, axes[0]),
        "Where": tf.where,
    }
)


class Tensors:
    """Computes each node where `Graph` writes it; what that calls a name is a tensor here."""

    def constant(self, _name: str, array: NDArray[Any]) -> Any:
        """Return a constant.

        A number is hidden from TensorFlow's optimiser, which divides by one that it knows by
        multiplying with its inverse, and is off by the last bit then.
        """
        found = tf.constant(np.asarray(array))
        if found.dtype == tf.float64 and not tf.executing_eagerly():
            return tf.raw_ops.PlaceholderWithDefault(input=found, shape=found.shape)
        return found

    def node(
        self,
        kind: str,
        inputs: Sequence[Any],
        _name: str,
        attributes: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what an operator of ONNX's name gives."""
        return _OPERATORS[kind](*inputs, **(attributes or {}))


def fit_tensor(image: Any, spec: ImageSpec) -> Any:
    """Return pictures made to fit, `(n, height, width, channels)`, uint8.

    Args:
        image: `(n, any height, any width, channels)`, uint8, upright and in the spec's channels.
        spec: How they are made to fit.
    """
    planes = write_fitting(Tensors(), image, spec)
    pixels = tf.cast(tf.transpose(planes, (0, 2, 3, 1)), tf.uint8)
    return tf.ensure_shape(pixels, (None, *spec.shape))
