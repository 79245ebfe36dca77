"""The network as it is deployed, in plain Keras layers: uint8 pixels in, the rules' numbers out."""

from typing import Any

import keras
import numpy as np

from tellapart.export.head import LEAST, Ending
from tellapart.models.features import last_layer
from tellapart.models.logits import ends_in_softmax
from tellapart.sections import ImageSpec


def deployed_network(network: keras.Model, ending: Ending, spec: ImageSpec) -> keras.Model:
    """Return a network with the input `image` and a dictionary of outputs.

    The outputs are `probabilities` at the bundle's temperature and, where the bundle has a
    rule for it, `novelty`. All of it are layers of Keras' own, so that a file of it loads
    wherever Keras is.

    Args:
        network: Of the bundle.
        ending: What follows its last layer.
        spec: Its pixels.
    """
    layers = keras.layers
    image = keras.Input(spec.shape, dtype="uint8", name="image")
    pixels = layers.Rescaling(1.0, name="numbers")(image)
    last, features_before = last_layer(network)
    is_plain = network.layers[-1] is last and ends_in_softmax(last)
    features = None
    if features_before is not None:
        body = keras.Model(network.inputs, features_before, name="body")
        features = body(pixels)
    if is_plain:
        logits = _linear(last, features)
    else:
        found = network(pixels)
        logits = (
            found if ending.output == "logits" else keras.ops.log(keras.ops.maximum(found, LEAST))
        )
    cooled = layers.Rescaling(1 / ending.temperature, name="cooled")(logits)
    outputs = {"probabilities": layers.Softmax(name="probabilities")(cooled)}
    if features is not None and ending.references is not None:
        outputs["novelty"] = _novelty(features, ending)
    return keras.Model(image, outputs, name="deployed")


def _linear(dense: Any, features: Any) -> Any:
    """Return what a `Dense` layer with softmax has before it."""
    layer = keras.layers.Dense(dense.units, use_bias=dense.use_bias, name="logits")
    logits = layer(features)
    layer.set_weights(dense.get_weights())
    return logits


def _novelty(features: Any, ending: Ending) -> Any:
    """Return one minus the cosine to the `neighbour`-th nearest reference, `(n,)`."""
    assert ending.references is not None
    layers = keras.layers
    if len(features.shape) == 4:
        features = layers.GlobalAveragePooling2D(name="features")(features)
    unit = layers.UnitNormalization(axis=-1, name="unit")(features)
    near = layers.Dense(len(ending.references), use_bias=False, name="references")
    nearness = near(unit)
    near.set_weights([np.asarray(ending.references, np.float32).T])
    nearest = keras.ops.top_k(nearness, ending.neighbour)[0]
    return 1.0 - keras.ops.min(nearest, axis=-1)
