"""One seed for everything that is drawn at random while a network is built and trained."""

import keras

from tellapart._loading import without_notices
from tellapart.interrupts import signals_wait


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and Keras' backend, for initial weights and layers that draw.

    The order of the samples does not depend on it: see `data.order`.
    """
    with signals_wait(), without_notices():  # it loads TensorFlow where that is installed
        keras.utils.set_random_seed(seed)
