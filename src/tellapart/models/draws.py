"""Keras' own generator of random numbers, which layers draw from that have none of theirs.

Keras has no public way to it, so this is the only file that names its inner modules.
"""

from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.random import seed_generator

from tellapart.errors import ModelError


def shared_states() -> list[Any]:
    """Return the variable that says what is drawn next; none where nothing was drawn so far."""
    generator = global_state.get_global_attribute("global_seed_generator")
    return [] if generator is None else [generator.state]


def begin_to_share() -> None:
    """Make the generator, unless there is one."""
    seed_generator.global_seed_generator()


def check_draws(network: keras.Model, shape: tuple[int, int, int]) -> None:
    """Raise before training where a layer draws from Keras' own generator and may not.

    JAX compiles steps that have no state but what is given to them.

    Args:
        network: As it is to be trained.
        shape: Of its images.

    Raises:
        ModelError: A layer has no generator of its own, on JAX.
    """
    if keras.backend.backend() != "jax" or network.run_eagerly:
        return
    import jax

    images = jax.ShapeDtypeStruct((2, *shape), "float32")
    state = [
        [jax.ShapeDtypeStruct(tuple(v.shape), v.dtype) for v in group]
        for group in (network.trainable_variables, network.non_trainable_variables)
    ]
    try:
        jax.eval_shape(lambda *given: network.stateless_call(*given, training=True), *state, images)
    except ValueError as error:
        if "[JAX RNG]" not in str(error):
            return  # training will tell
        raise ModelError(
            "Layers of `model` must not draw at random without a generator of their own on JAX. "
            "Fix: give the layer a keras.random.SeedGenerator in __init__, self.seed = "
            "keras.random.SeedGenerator(), and draw with keras.random.normal(shape, seed=self.seed)"
        ) from error
