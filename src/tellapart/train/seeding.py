"""One seed for everything that is drawn at random while a network is built and trained."""

import keras


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and Keras' backend, for initial weights and layers that draw.

    The order of the samples does not depend on it: see `data.order`.
    """
    keras.utils.set_random_seed(seed)
