"""The average of the weights that Keras' optimisers keep, and a look through it."""

import contextlib
from collections.abc import Iterator

import keras

from tellapart.models.optimizers import keeps_average


@contextlib.contextmanager
def averaged(network: keras.Model) -> Iterator[None]:
    """Give a network its averaged weights until the block ends, if its optimiser has them."""
    if not keeps_average(network.optimizer):
        yield
        return
    variables = network.trainable_variables
    own = [keras.ops.copy(variable.value) for variable in variables]
    network.optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, own, strict=True):
            variable.assign(value)
