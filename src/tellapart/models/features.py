"""Which numbers inside a network say what a picture looks like: the input of its last layer."""

from typing import Any

import keras
from keras import ops


def features_tensor(network: keras.Model) -> Any:
    """Return the symbolic input of the last layer that has weights, or `None`.

    There is none where the network has a `call` of its own, where its output comes of
    several tensors at once, or where its last layer with weights is a whole network.

    Args:
        network: Built, with one output.

    Example:
        >>> from tellapart.models.guide_cnn import build_guide_cnn
        >>> from tellapart.sections import ImageSpec
        >>> features_tensor(build_guide_cnn(ImageSpec(), 10)).shape
        (None, 64)
    """
    if not type(network).call.__module__.startswith("keras."):
        return None
    wanted = network.outputs[0]
    while True:
        layer, node, _ = wanted._keras_history
        given = layer._inbound_nodes[node].input_tensors
        if len(given) != 1 or isinstance(layer, keras.Model):
            return None
        if getattr(layer, "weights", ()):
            return given[0]
        wanted = given[0]


def flatten_features(tensor: Any) -> Any:
    """Return features as rows, float32: what has a place in the picture is averaged over it.

    Args:
        tensor: `(n, width)`, or `(n, …, width)`.
    """
    tensor = ops.cast(tensor, "float32")
    places = tuple(range(1, len(tensor.shape) - 1))
    return ops.mean(tensor, axis=places) if places else tensor
