"""The network as it is deployed, in plain Keras layers: uint8 pixels in, the rules' numbers out."""

from typing import Any

import keras
import numpy as np

from tellapart.export.head import LEAST, Ending
from tellapart.models.features import features_tensor, flatten_features
from tellapart.sections import ImageSpec


def deployed_network(network: keras.Model, ending: Ending, spec: ImageSpec) -> keras.Model:
    """Return a network with the input `image` and a dictionary of outputs.

    The outputs are `probabilities` at the bundle's temperature and, where the bundle has a
    rule for it, `novelty`. All of it are layers of Keras' own, so that a file of it loads
    wherever Keras is.

    Args:
        network: Of the bundle.
        ending: What follows it.
        spec: Its pixels.
    """
    layers = keras.layers
    image = keras.Input(spec.shape, dtype="uint8", name="image")
    pixels = layers.Rescaling(1.0, name="numbers")(image)
    tensor, features = features_tensor(network), None
    if tensor is None or ending.references is None:
        shares = network(pixels)
    else:
        both = keras.Model(network.inputs, [network.outputs[0], tensor], name="network")
        shares, features = both(pixels)
    if ending.output == "logits":
        shares = layers.Softmax(name="shares")(shares)
    if ending.temperature is not None:
        logs = keras.ops.log(keras.ops.maximum(shares, LEAST))
        shares = layers.Softmax(name="calibrated")(layers.Rescaling(1 / ending.temperature)(logs))
    outputs = {"probabilities": layers.Identity(name="probabilities")(shares)}
    if features is not None:
        outputs["novelty"] = _novelty(flatten_features(features), ending)
    return keras.Model(image, outputs, name="deployed")


def _novelty(features: Any, ending: Ending) -> Any:
    """Return one minus the cosine of rows to their `neighbour`-th nearest reference, `(n,)`."""
    assert ending.references is not None
    layers = keras.layers
    unit = layers.UnitNormalization(axis=-1, name="unit")(features)
    near = layers.Dense(len(ending.references), use_bias=False, name="references")
    nearness = near(unit)
    near.set_weights([np.asarray(ending.references, np.float32).T])
    nearest = keras.ops.top_k(nearness, ending.neighbour)[0]
    return 1.0 - keras.ops.min(nearest, axis=-1)
