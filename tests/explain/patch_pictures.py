"""Pictures whose class depends on one bright patch alone, and networks that learn them."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tellapart.images.arrays import Pixels
from tellapart.models.catalogue import build_network
from tellapart.sections import ImageSpec

SIDE = 7
_ROWS, _COLUMNS = np.indices((SIDE, SIDE))
PATTERNS = (np.ones((SIDE, SIDE)), _ROWS % 2, (_ROWS + _COLUMNS) % 2)
"""A full square, stripes, and a chessboard."""


def planted(count: int, seed: int) -> tuple[Pixels, NDArray[np.int64], NDArray[np.int64]]:
    """Return pictures `(n, 28, 28, 1)`, classes, and (top, left) of each patch.

    The ground is noise, and the patch may stand anywhere.
    """
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 60, (count, 28, 28, 1)).astype(np.uint8)
    classes = generator.integers(0, len(PATTERNS), count)
    corners = generator.integers(0, 28 - SIDE + 1, (count, 2))
    for picture, number, (top, left) in zip(pixels, classes, corners, strict=True):
        patch = (PATTERNS[number] * 220).astype(np.uint8)[..., None]
        part = picture[top : top + SIDE, left : left + SIDE]
        np.maximum(part, patch, out=part)
    return pixels, classes, corners


def hits(maps: NDArray[np.float32], corners: NDArray[np.int64]) -> float:
    """Return the pointing game's score: how often the hottest pixel is in the patch.

    Zhang et al. 2016, "Top-down neural attention by excitation backprop".
    """
    places = np.stack([np.unravel_index(heat.argmax(), heat.shape) for heat in maps])
    inside = (places >= corners) & (places < corners + SIDE)
    return float(inside.all(axis=1).mean())


def shares(maps: NDArray[np.float32], corners: NDArray[np.int64]) -> float:
    """Return the mean share of a map that lies on the patch; an even one has 0.06."""
    inside = [
        heat[top : top + SIDE, left : left + SIDE].sum() / max(float(heat.sum()), 1e-9)
        for heat, (top, left) in zip(maps, corners, strict=True)
    ]
    return float(np.mean(inside))


def build_nested() -> keras.Model:
    """Return a network whose spatial layers are all in a backbone, two models deep."""
    layers = keras.layers
    inner = keras.Sequential(
        [keras.Input((14, 14, 16)), layers.Conv2D(32, 3, padding="same", activation="relu")]
    )
    inputs = keras.Input((28, 28, 1))
    outputs = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(inputs)
    outputs = layers.GlobalMaxPooling2D()(layers.Dropout(0.1)(inner(outputs)))
    backbone = keras.Model(inputs, outputs, name="backbone")
    tail = [layers.Dense(len(PATTERNS), name="logits"), layers.Activation("softmax")]
    return keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Rescaling(1 / 255), backbone, *tail], name="nested"
    )


def build(name: str) -> keras.Model:
    """Return a network for planted pictures; "nested" or one of the catalogue."""
    keras.utils.set_random_seed(3)
    return build_nested() if name == "nested" else build_network(name, ImageSpec(), len(PATTERNS))


def learn(network: keras.Model, pixels: Pixels, classes: NDArray[Any], epochs: int) -> None:
    """Train a network on planted pictures."""
    network.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    network.fit(pixels, classes, epochs=epochs, batch_size=32, verbose=0)
