"""Networks that a user brings: what must hold of them, and what they put out."""

import json
from typing import Any, Literal
from weakref import WeakSet

import keras
import numpy as np

from tellapart.errors import BundleError, ModelError
from tellapart.files import sha256_hex
from tellapart.models.catalogue import compile_network
from tellapart.models.weights import is_told_by_paths, own_shapes, pair
from tellapart.sections import ImageSpec, OptimizerSection

PLAIN_LOSSES = ("sparse_categorical_crossentropy", keras.losses.sparse_categorical_crossentropy)
"""What takes class numbers and probabilities, by name and as a function."""

_PASSING = {"name", "seed", "module", "inbound_nodes", "input_layers", "output_layers"}
"""What a config has that may differ between two processes that build the same layer."""

_made_here: "WeakSet[Any]" = WeakSet()
"""The optimisers that users' networks were compiled with for a training; the next asks anew."""


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
    if not network.built or not hasattr(network, "input_shape"):
        raise ModelError(
            "`model` must be a built Sequential or functional model, so that its input's shape is "
            "known. Fix: begin it with "
            f"keras.Input(({image.height}, {image.width}, {image.channels}))"
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
    if _last_activation(network) is keras.activations.sigmoid:
        raise ModelError(
            "`model` ends in a sigmoid, as if a picture could be of several classes. Fix: end it "
            f"with keras.layers.Dense({classes}, activation='softmax')"
        )
    _check_loss(network)
    sides = {"height": shape[1] or image.height, "width": shape[2] or image.width}
    return image.model_copy(update={**sides, "channels": shape[3]})


def output_kind(network: keras.Model, image: ImageSpec) -> Literal["probabilities", "logits"]:
    """Return whether a network puts out probabilities or logits.

    It is asked about a few pictures of noise: rows that are at least 0 and sum to 1 are
    probabilities, whatever layers they come from.

    Args:
        network: Built, for one row of outputs a picture.
        image: The pixels that it takes.

    Raises:
        ModelError: It is compiled with a loss for the other kind, or puts out no numbers.
    """
    noise = np.random.default_rng(0).integers(0, 256, (4, *image.shape)).astype(np.uint8)
    outputs = keras.ops.convert_to_numpy(network(noise, training=False))
    rows = outputs.astype(np.float32)
    if not np.isfinite(rows).all():
        raise ModelError(
            "`model` must put out numbers for any picture. Received: infinite ones, or none, for "
            "four pictures of noise (pixels 0 to 255). Look at its weights and its first layers"
        )
    apart = 1e-3 if outputs.dtype == np.float32 else 0.05  # 16 bits keep two or three digits
    found: Literal["probabilities", "logits"] = (
        "probabilities" if rows.min() >= 0 and np.abs(rows.sum(1) - 1).max() < apart else "logits"
    )
    from_logits = _wants_logits(network.loss) if network.compiled else None
    if from_logits is not None and from_logits != (found == "logits"):
        raise ModelError(
            f"`model` puts out {found}, and its loss takes the other kind. Fix: compile it with "
            f"SparseCategoricalCrossentropy(from_logits={found == 'logits'})"
        )
    return found


def _last_activation(network: keras.Model) -> Any:
    last = network
    while isinstance(last, keras.Model) and hasattr(last, "outputs"):
        last = last.outputs[0]._keras_history[0]
    return getattr(last, "activation", None)


def _wants_logits(loss: Any) -> bool | None:
    """Return what a loss takes, or `None` for one that does not say so."""
    if hasattr(loss, "from_logits"):
        return bool(loss.from_logits)
    return False if loss in PLAIN_LOSSES else None


def has_own_optimizer(network: Any) -> bool:
    """Return whether a network was compiled by its user, and not for an earlier training."""
    return bool(network.compiled) and network.optimizer not in _made_here


def compile_custom(
    network: keras.Model, optimizer: OptimizerSection, image: ImageSpec, *, own: bool
) -> keras.Model:
    """Compile a user's network, and return it.

    Its metrics are replaced by accuracy, which is what the history holds.

    Args:
        network: In place.
        optimizer: The recipe's section.
        image: The pixels that it takes.
        own: Whether the optimiser and loss that it is compiled with are kept.
    """
    if own:
        eager = bool(network.run_eagerly)
        network.compile(network.optimizer, network.loss, metrics=["accuracy"], run_eagerly=eager)
        return network
    compile_network(network, optimizer, from_logits=output_kind(network, image) == "logits")
    _made_here.add(network.optimizer)
    return network


def fresh_copy(network: keras.Model) -> keras.Model:
    """Return a network of the same config: new values, not compiled.

    Whatever Keras or the network's own code raises is let through.
    """
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(network)))
    config.pop("compile_config", None)
    return keras.saving.deserialize_keras_object(config, safe_mode=False)


def check_can_be_rebuilt(network: keras.Model) -> None:
    """Raise before training what could only fail after it: saving and building anew.

    Raises:
        ModelError: The network has a part without a config that Keras can read back.
    """
    try:
        again = fresh_copy(network)
    except Exception as error:
        raise ModelError(
            "`model` cannot be saved and built anew: its layers must have a get_config and be "
            "registered with keras.saving.register_keras_serializable. Received: "
            f"{' '.join(str(error).split())[:200]}"
        ) from error
    try:
        pair(again, own_shapes(network))
    except BundleError as error:
        raise ModelError(
            f"`model` cannot be saved: built anew from its config it is another one. {error}"
        ) from error
    if not is_told_by_paths(again, network) and not _answers_alike(again, network):
        raise ModelError(
            "`model` cannot be saved: built anew from its config, with its weights, it answers "
            "otherwise. Its layers must make their weights in the same order each time"
        )


def _answers_alike(again: keras.Model, network: keras.Model) -> bool:
    """Return whether a copy says of noise what a network says, once it has its weights."""
    again.set_weights(network.get_weights())
    height, width, channels = network.input_shape[1:]
    shape = (2, height or 128, width or 128, channels)
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    first, second, copied = (
        keras.ops.convert_to_numpy(each(noise, training=False)).astype(np.float64)
        for each in (network, network, again)
    )
    if not np.array_equal(first, second):  # it draws, so that nobody can tell
        return True
    return np.allclose(copied, first, rtol=1e-3, atol=1e-3 * np.abs(first).max(), equal_nan=True)


def own_modules(config: Any) -> set[str]:
    """Return the modules that a network's config names and that are not Keras' or Python's."""
    if isinstance(config, list | tuple):
        return set().union(*map(own_modules, config))
    if not isinstance(config, dict):
        return set()
    found = own_modules(list(config.values()))
    module = config.get("module")
    if isinstance(module, str) and module.split(".")[0] not in ("keras", "builtins", "__main__"):
        found.add(module)
    return found


def digest_of_layers(network: keras.Model) -> str:
    """Return what tells a network's layers from others, whatever their names are.

    Weights are not in it, nor how layers are wired, nor what differs from process to process:
    random layers' seeds, modules' names, and the code of a lambda with the place of its writing.
    """
    layers = [
        _lasting(keras.saving.serialize_keras_object(layer))
        for layer in network._flatten_layers()
        if not isinstance(layer, keras.Model)
    ]
    return sha256_hex(json.dumps(layers, sort_keys=True).encode())


def _lasting(config: Any) -> Any:
    """Return what of a config is the same in each process, at any depth."""
    if isinstance(config, list | tuple):
        return [_lasting(value) for value in config]
    if not isinstance(config, dict):
        return config
    kind = str(config.get("class_name"))
    if kind.endswith("DTypePolicy"):  # its name is what it is
        return config
    dropped = {"config"} if kind == "__lambda__" else _PASSING
    return {key: _lasting(value) for key, value in config.items() if key not in dropped}


def scales_pixels(network: keras.Model) -> bool:
    """Return whether a network has a layer that scales pixels 0–255."""
    kinds = (keras.layers.Rescaling, keras.layers.Normalization, keras.layers.BatchNormalization)
    return any(isinstance(layer, kinds) for layer in network._flatten_layers())


def _check_loss(network: keras.Model) -> None:
    """Raise `ModelError` if a compiled network's loss wants one-hot targets."""
    if not network.compiled:
        return
    loss = network.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", None)
    name = name or getattr(loss, "__name__", type(loss).__name__)
    if not str(name).lower().startswith("sparse"):
        raise ModelError(
            "`model` must be compiled with a loss for class numbers, such as "
            f"'sparse_categorical_crossentropy', or not at all. Received: '{name}'."
        )
