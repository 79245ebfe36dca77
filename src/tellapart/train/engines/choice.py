"""Which engine trains a network: the only choice of training that depends on the backend."""

import keras

from tellapart.data.prepare import Part
from tellapart.train.engines.loss import is_plain_classifier
from tellapart.train.engines.plain import PlainEngine
from tellapart.train.engines.protocol import Engine

_COMPILED_WELL = frozenset(
    {
        "Activation",
        "Add",
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


def open_engine(
    network: keras.Model,
    part: Part,
    *,
    from_logits: bool,
    smoothing: float = 0.0,
    follows_rates: bool = True,
) -> Engine:
    """Return the fastest engine that trains a network as it is meant to be trained.

    Args:
        network: Built and compiled.
        part: The samples to train on.
        from_logits: Whether it puts out logits.
        smoothing: Of the targets; a `PlainEngine` has its network's loss instead.
        follows_rates: Whether the learning rate is the block's, not the optimiser's own.
    """
    backend = keras.backend.backend()
    if backend == "torch" or not is_plain_classifier(network):
        return PlainEngine(network, part, follows_rates=follows_rates)
    if backend == "jax":
        from tellapart.train.engines.jax import JaxEngine

        return JaxEngine(
            network,
            part,
            from_logits=from_logits,
            smoothing=smoothing,
            follows_rates=follows_rates,
        )
    from tellapart.train.engines.tensorflow import TensorFlowEngine

    return TensorFlowEngine(
        network,
        part,
        from_logits=from_logits,
        smoothing=smoothing,
        follows_rates=follows_rates,
        compile_steps=_compiles_well(network),
    )


def _compiles_well(network: keras.Model) -> bool:
    """Return whether XLA is known to compile all layers, and to make them faster."""
    names = {
        type(layer).__name__ if type(layer).__module__.startswith("keras.") else "other"
        for layer in network._flatten_layers()
    }
    return names <= _COMPILED_WELL
