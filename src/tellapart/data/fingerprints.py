"""Short vectors by which a picture is found again after it was cropped, resized or brightened."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from tellapart.data.measures import SIDE, Floats, resampling, weights
from tellapart.data.threads import one_product_at_once, side_by_side
from tellapart.images.arrays import Pixels

LENGTH = 64
"""How many numbers a fingerprint has."""

LARGEST_CUT = 0.08
"""The share of a side that may be cut off at either end."""

_SAMPLE, _VARIED, _MOST_ROUNDS = 3000, 18_000, 60
"""Pictures that are varied, variations in all, and variations of each picture at most."""

_CELLS, _PORTION = 8, 1000
_FOUND_AGAIN, _IN_WINDOW = 99.7, 99.7


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Is one vector a picture, and how far apart two of the same picture may lie.

    Attributes:
        vectors: `(n, length)`.
        mirrored: `(n, length)`: those of the same pictures, mirrored left to right.
        reach: The square of the distance within which 99.7% of slight variations stay.
        window: How far apart the last numbers of all but 0.3% of them lie; the last
            number is the one in which pictures differ most.
    """

    vectors: Floats
    mirrored: Floats
    reach: float
    window: float


def fingerprint(thumbnails: Pixels, seed: int = 0) -> Fingerprints:
    """Return fingerprints that differ between pictures and hardly within one.

    Some pictures are varied as copies are (cropped, softened, brightened), and the directions
    kept are those in which pictures differ most for what the variations change: R. A.
    Fisher's linear discriminant ("The use of multiple measurements in taxonomic problems",
    1936), each picture a class of its own. So nothing has to be known about the data.

    Args:
        thumbnails: `(n, 32, 32)`, uint8.
        seed: Which pictures are varied, and how.
    """
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(thumbnails))[:_SAMPLE]
    sample = thumbnails[chosen]
    plain = _describe(sample)
    rounds = min(_MOST_ROUNDS, -(-_VARIED // len(sample)))
    varied = [vary(sample, generator) for _ in range(rounds + -(-rounds // 6))]
    changes = list(side_by_side(lambda pictures: _describe(pictures) - plain, varied))
    directions = _discriminant(plain, np.concatenate(changes[:rounds]))
    fresh = np.concatenate(changes[rounds:]) @ directions
    both = np.concatenate([directions, directions[_mirrored()]], axis=1)
    starts = range(0, len(thumbnails), _PORTION)
    parts = side_by_side(lambda at: _describe(thumbnails[at : at + _PORTION]) @ both, starts)
    vectors, mirrored = np.split(np.concatenate(list(parts)), 2, axis=1)
    return Fingerprints(
        vectors=np.ascontiguousarray(vectors),
        mirrored=np.ascontiguousarray(mirrored),
        reach=float(np.percentile((fresh**2).sum(axis=1), _FOUND_AGAIN)),
        window=float(np.percentile(np.abs(fresh[:, -1]), _IN_WINDOW)),
    )


def vary(thumbnails: Pixels, generator: np.random.Generator) -> Pixels:
    """Return the pictures as copies of them come: cut a little, resampled, in another light.

    Each portion of 16 is varied alike, so that this is a product of matrices.
    """
    varied = np.empty_like(thumbnails)
    for first in range(0, len(thumbnails), 16):
        part = thumbnails[first : first + 16].astype(np.float32)
        rows, columns = (_cut_and_resample(generator) for _ in range(2))
        light = generator.uniform(0.7, 1.4) * (rows @ part @ columns.T)
        light += generator.uniform(-15, 25)
        varied[first : first + 16] = np.rint(light).clip(0, 255).astype(np.uint8)
    return varied


def _cut_and_resample(generator: np.random.Generator) -> Floats:
    """Return a matrix that mostly cuts the ends of a row, and seldom softens it."""
    low, high = generator.uniform(0, LARGEST_CUT, 2) * SIDE * (generator.random() < 0.9)
    softer = generator.random() < 0.3
    between = int(generator.integers(SIDE * 2 // 3, SIDE)) if softer else SIDE
    cut = resampling(np.linspace(low, SIDE - high, between + 1), SIDE)
    return np.asarray(weights(between, SIDE) @ cut, np.float32)


def _discriminant(plain: Floats, changes: Floats) -> Floats:
    """Return the `(features, length)` directions that tell pictures apart best."""
    features = plain.shape[1]
    within = (changes.T @ changes / len(changes)).astype(np.float64)
    within += np.eye(features) * (0.01 * np.trace(within) / features + 1e-12)
    centred = plain - plain.mean(axis=0)
    between = (centred.T @ centred / len(plain)).astype(np.float64)
    first = features - min(LENGTH, features)
    with one_product_at_once(), threadpool_limits(1, "blas"):  # SciPy brings a library of its own
        _, directions = eigh(between, within, subset_by_index=(first, features - 1))
    return np.asarray(directions, np.float32)


def _describe(thumbnails: Pixels) -> Floats:
    """Return grey levels and slopes of each picture, both without their strength.

    Slopes go into four channels by their direction, and each channel into 8 × 8 cells: a
    histogram of oriented gradients (N. Dalal and B. Triggs, CVPR 2005) in its plainest form.
    Their square roots keep a few strong edges from drowning the rest.
    """
    count = len(thumbnails)
    grey = thumbnails.astype(np.float32)
    rise, run = np.zeros_like(grey), np.zeros_like(grey)
    np.subtract(grey[:, 2:], grey[:, :-2], out=rise[:, 1:-1])
    np.subtract(grey[:, :, 2:], grey[:, :, :-2], out=run[:, :, 1:-1])
    cells = _pooling(_CELLS)
    slopes = [np.maximum(slope, 0).reshape(count, -1) @ cells for slope in (rise, -rise, run, -run)]
    levels = grey.reshape(count, -1) @ _pooling(SIDE // 2)
    levels -= levels.mean(axis=1, keepdims=True)
    return np.concatenate([_unit(levels), _unit(np.sqrt(np.concatenate(slopes, axis=1)))], axis=1)


def _mirrored() -> NDArray[np.int64]:
    """Return where each entry of a description comes from when its picture is mirrored."""
    side = SIDE // 2
    levels = np.arange(side * side).reshape(side, side)[:, ::-1]
    slopes = np.arange(4 * _CELLS * _CELLS).reshape(4, _CELLS, _CELLS)[[0, 1, 3, 2], :, ::-1]
    return np.concatenate([levels.ravel(), levels.size + slopes.ravel()])


@lru_cache(maxsize=2)
def _pooling(side: int) -> Floats:
    """Return the matrix that brings a flat thumbnail to `side` × `side`, in one product."""
    return np.ascontiguousarray(np.kron(weights(SIDE, side), weights(SIDE, side)).T)


def _unit(rows: Floats) -> Floats:
    """Return each row at length 1; one of nothing stays nothing."""
    length: NDArray[np.float32] = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-6), np.float32)
