"""What can be measured on pixels: a digest, brightness, contrast, sharpness, a thumbnail."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tellapart.images.arrays import Pixels

SIDE = 32
"""The height and width of a thumbnail, whatever the picture's shape."""

TINY_SIDE = 8
"""The height and width to which a picture is brought down where a few numbers are wanted."""

SHARPNESS_SIDE = 128
"""A side longer than this is brought down to it before sharpness is measured."""

Floats = NDArray[np.float32]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Measures:
    """Is what was measured on each of `n` pictures.

    Attributes:
        digests: `(n,)`, 16 bytes each: the same for the same pixels, grey or RGB.
        luminance: `(n,)`: mean grey level, 0–255.
        contrast: `(n,)`: standard deviation of the grey levels.
        sharpness: `(n,)`: variance of the Laplacian over that of the grey levels, at 128
            pixels a side at most; 0 where a picture has one level only.
        thumbnails: `(n, 32, 32)`, uint8, grey, with the sides stretched.
    """

    digests: NDArray[np.bytes_]
    luminance: Floats
    contrast: Floats
    sharpness: Floats
    thumbnails: Pixels


def measure(pixels: Pixels) -> Measures:
    """Return what can be measured on pictures of one size.

    Sharpness is after J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield
    microscopy: a comparative study", ICPR (2000), over the variance, so that a picture of
    low contrast does not count as blurred.

    Args:
        pixels: `(n, height, width, 1 or 3)`, uint8.

    Example:
        >>> found = measure(np.full((2, 8, 8, 3), 100, np.uint8))
        >>> found.contrast.tolist(), bool(found.digests[0] == found.digests[1])
        ([0.0, 0.0], True)
    """
    grey = grey_levels(pixels)
    luminance, contrast, sharpness = _light_of(grey)
    return Measures(
        digests=np.array([_digest(picture) for picture in pixels], "S16"),
        luminance=luminance,
        contrast=contrast,
        sharpness=sharpness,
        thumbnails=np.rint(resize(grey, SIDE, SIDE)).clip(0, 255).astype(np.uint8),
    )


def measure_light(pixels: Pixels) -> Floats:
    """Return `(n, 3)`: luminance, contrast and sharpness, as `measure` has them, and no more.

    Args:
        pixels: `(n, height, width, 1 or 3)`, uint8.

    Example:
        >>> measure_light(np.full((2, 8, 8, 3), 100, np.uint8)).round(3).tolist()
        [[100.0, 0.0, 0.0], [100.0, 0.0, 0.0]]
    """
    return np.stack(_light_of(grey_levels(pixels)), axis=1)


def tiny_pictures(pixels: Pixels) -> Floats:
    """Return pictures as a few numbers each: 8 × 8 means of every channel, sides stretched.

    Args:
        pixels: `(n, height, width, channels)`, uint8.

    Returns:
        `(n, 64 × channels)`, 0–255.

    Example:
        >>> tiny_pictures(np.full((2, 28, 28, 1), 7, np.uint8)).shape
        (2, 64)
    """
    channels = [
        resize(pixels[..., channel].astype(np.float32), TINY_SIDE, TINY_SIDE)
        for channel in range(pixels.shape[3])
    ]
    return np.stack(channels, axis=-1).reshape(len(pixels), -1)


def join_measures(parts: Sequence[Measures]) -> Measures:
    """Return the measures of several portions as one."""
    return Measures(
        digests=np.concatenate([part.digests for part in parts]),
        luminance=np.concatenate([part.luminance for part in parts]),
        contrast=np.concatenate([part.contrast for part in parts]),
        sharpness=np.concatenate([part.sharpness for part in parts]),
        thumbnails=np.concatenate([part.thumbnails for part in parts]),
    )


def grey_levels(pixels: Pixels) -> Floats:
    """Return the luma of ITU-R 601 of `(n, height, width, 1 or 3)` as `(n, height, width)`."""
    if pixels.shape[3] == 1:
        return np.asarray(pixels[..., 0], np.float32)
    return np.asarray(pixels.astype(np.float32) @ _LUMA, np.float32)


def resize(grey: Floats, height: int, width: int) -> Floats:
    """Return `(n, h, w)` at another size, by a triangle filter as wide as the scale asks."""
    if grey.shape[1:] == (height, width):
        return grey
    rows, columns = weights(grey.shape[1], height), weights(grey.shape[2], width)
    return np.asarray(rows @ grey @ columns.T, np.float32)


@lru_cache(maxsize=256)
def weights(length: int, size: int) -> Floats:
    """Return the `(size, length)` matrix that brings a row of pixels to another length."""
    return resampling(np.linspace(0, length, size + 1), length)


def resampling(edges: NDArray[np.float64], length: int) -> Floats:
    """Return the matrix that reads a row of `length` pixels in cells between `edges`.

    Args:
        edges: `(size + 1,)`: where each cell begins and ends; pixel 0 goes from 0 to 1.
        length: How many pixels the row has.
    """
    reach = np.maximum(np.diff(edges), 1.0)[:, np.newaxis]
    centres = ((edges[:-1] + edges[1:]) / 2)[:, np.newaxis]
    distance = np.abs(np.arange(length) + 0.5 - centres) / reach
    rows = np.maximum(1.0 - distance, 0.0)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float32)


def laplacian(grey: Floats) -> Floats:
    """Return the four-neighbour Laplacian of `(n, h, w)`, with the edge repeated outwards."""
    wide = np.pad(grey, ((0, 0), (1, 1), (1, 1)), mode="edge")
    around = wide[:, :-2, 1:-1] + wide[:, 2:, 1:-1] + wide[:, 1:-1, :-2] + wide[:, 1:-1, 2:]
    return np.asarray(around - 4 * grey, np.float32)


def _light_of(grey: Floats) -> tuple[Floats, Floats, Floats]:
    """Return luminance, contrast and sharpness of `(n, h, w)`, each `(n,)`."""
    fine = resize(grey, min(grey.shape[1], SHARPNESS_SIDE), min(grey.shape[2], SHARPNESS_SIDE))
    variance = fine.var(axis=(1, 2))
    edges = laplacian(fine).var(axis=(1, 2))
    sharpness = np.divide(edges, variance, out=np.zeros_like(edges), where=variance > 0)
    return grey.mean(axis=(1, 2)), grey.std(axis=(1, 2)), sharpness


def _digest(picture: Pixels) -> bytes:
    """Return the digest of one picture; grey in RGB counts as grey."""
    if picture.shape[2] == 3 and (picture == picture[:, :, :1]).all():
        picture = picture[:, :, :1]
    digest = hashlib.blake2b(repr(picture.shape).encode(), digest_size=16)
    digest.update(picture.tobytes())
    return digest.digest()
