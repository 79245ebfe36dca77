"""Which engine trains a network: the only choice of training that depends on the backend."""

import keras

from tellapart.data.prepare import Part
from tellapart.train.engines.loss import is_plain_classifier
from tellapart.train.engines.plain import PlainEngine
from tellapart.train.engines.protocol import Engine, Settings

_COMPILED_WELL = frozenset(
    {
        "Activation",
        "Add",
        "AveragePooling2D",
        "BatchNormalization",
        "Conv2D",
        "Dense",
        "Dropout",
        "Flatten",
        "Functional",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling2D",
        "InputLayer",
        "MaxPooling2D",
        "ReLU",
        "Rescaling",
        "Sequential",
    }
)


def open_engine(network: keras.Model, part: Part, settings: Settings) -> Engine:
    """Return the fastest engine that trains a network as it is meant to be trained.

    Args:
        network: Built and compiled.
        part: The samples to train on.
        settings: Outputs, loss and learning rate.

    Raises:
        ModelError: The network cannot be trained with these settings on this backend.
    """
    backend = keras.backend.backend()
    if not is_plain_classifier(network):
        return PlainEngine(network, part, settings)
    if backend == "torch":
        from tellapart.train.engines.torch import TorchEngine

        return TorchEngine(network, part, settings)
    if backend == "jax":
        from tellapart.train.engines.jax import JaxEngine

        return JaxEngine(network, part, settings)
    from tellapart.train.engines.tensorflow import TensorFlowEngine

    return TensorFlowEngine(network, part, settings, compile_steps=_compiles_well(network))


def _compiles_well(network: keras.Model) -> bool:
    """Return whether XLA is known to compile all layers, and to make them faster."""
    names = {
        type(layer).__name__ if type(layer).__module__.startswith("keras.") else "other"
        for layer in network._flatten_layers()
    }
    return names <= _COMPILED_WELL
