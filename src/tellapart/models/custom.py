"""Networks that a user brings: what must hold of them, and what they put out."""

from typing import Any, Literal

import keras

from tellapart.errors import ModelError
from tellapart.recipe import ImageSpec


def check_custom(network: Any, classes: int, image: ImageSpec) -> ImageSpec:
    """Return the pixels that a user's network takes, if it can classify them.

    Args:
        network: A `keras.Model` with one image input and one row of outputs.
        classes: How many classes the data have.
        image: How pictures are made to fit; height, width and channels come from the
            network where it fixes them.

    Raises:
        ModelError: It is no Keras model, or its input, output or loss does not fit.
    """
    if not isinstance(network, keras.Model):
        raise ModelError(f"`model` must be a keras.Model. Received: {type(network).__name__}.")
    if not network.built:
        raise ModelError(
            "`model` must be built, so that its input's shape is known. "
            f"Fix: model.build((None, {image.height}, {image.width}, {image.channels}))"
        )
    shape, output = network.input_shape, network.output_shape
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[3] not in (1, 3):
        raise ModelError(
            f"`model` must have one input (batch, height, width, 1 or 3). Received: {shape}."
        )
    if output != (None, classes):
        raise ModelError(
            f"`model` must put out (batch, {classes}), one number for each class. Received: "
            f"{output}."
        )
    _check_loss(network)
    sides = {"height": shape[1] or image.height, "width": shape[2] or image.width}
    return image.model_copy(update={**sides, "channels": shape[3]})


def output_kind(network: keras.Model) -> Literal["probabilities", "logits"]:
    """Return whether a network puts out probabilities or logits.

    It is read off the last layer, and off the loss where the network is compiled.
    """
    loss = network.loss if network.compiled else None
    if getattr(loss, "from_logits", None) is True:
        return "logits"
    last = network.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if isinstance(last, keras.layers.Softmax) or activation == "softmax":
        return "probabilities"
    return "probabilities" if network.compiled and loss is not None else "logits"


def scales_pixels(network: keras.Model) -> bool:
    """Return whether a network has a layer that scales pixels 0–255."""
    kinds = (keras.layers.Rescaling, keras.layers.Normalization, keras.layers.BatchNormalization)
    return any(isinstance(layer, kinds) for layer in network._flatten_layers())


def _check_loss(network: keras.Model) -> None:
    """Raise `ModelError` if a compiled network's loss wants one-hot targets."""
    if not network.compiled:
        return
    loss = network.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", type(loss).__name__)
    if not str(name).lower().startswith("sparse"):
        raise ModelError(
            "`model` must be compiled with a loss for class numbers, such as "
            f"'sparse_categorical_crossentropy', or not at all. Received: '{name}'."
        )
