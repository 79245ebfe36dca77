"""The network as it is trained: the same weights, logits out, fast layers where they exist."""

from typing import Any

import keras

from tellapart.models.logits import Logarithm, Logits, ends_in_softmax
from tellapart.train.engines.pooled import PooledConvolution, can_stand_for

MOST_PIXELS = 64 * 64
"""On larger images the matrices of a `PooledConvolution` outgrow the processor's cache."""


def training_twin(
    network: keras.Model, *, from_logits: bool, by_matrices: bool = True
) -> keras.Model:
    """Return a model on the same variables that puts out logits.

    Args:
        network: Built; sequential ones of known layers get faster ones.
        from_logits: Whether the network's own output is logits.
        by_matrices: Whether products of matrices are faster than convolutions.
    """
    if type(network) is keras.Sequential:
        return _sequential_twin(network, from_logits=from_logits, by_matrices=by_matrices)
    inputs, outputs = network.inputs[0], network.outputs[0]
    last, node, _ = outputs._keras_history  # which may be an operation, and no layer
    if not from_logits and ends_in_softmax(last):
        return keras.Model(inputs, Logits(last)(last._inbound_nodes[node].input_tensors[0]))
    return keras.Model(inputs, outputs if from_logits else Logarithm()(outputs))


def has_plain_convolutions(twin: keras.Model) -> bool:
    """Return whether a twin has convolutions that no faster layer stands for."""
    replaced = [layer.convolution for layer in twin.layers if hasattr(layer, "convolution")]
    return any(
        isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)
        for layer in twin._flatten_layers()
        if layer not in replaced
    )


def _sequential_twin(
    network: keras.Sequential, *, from_logits: bool, by_matrices: bool
) -> keras.Model:
    inputs = keras.Input(batch_shape=network.input_shape)
    height, width = network.input_shape[1:3]
    small = by_matrices and height and width and height * width <= MOST_PIXELS
    layers = list(network.layers)
    outputs: Any = inputs
    while layers:
        layer = layers.pop(0)
        if small and layers and can_stand_for(layer, layers[0]):
            layers.pop(0)
            layer = PooledConvolution(layer)
        elif not layers and not from_logits:
            if ends_in_softmax(layer):
                layer = Logits(layer)
            else:
                outputs, layer = layer(outputs), Logarithm()
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)
