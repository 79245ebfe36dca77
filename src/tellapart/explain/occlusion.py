"""The check that looks into no network: parts of a picture are covered and the answer watched."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tellapart.images.arrays import Pixels

Probabilities = Callable[[Pixels], NDArray[np.float32]]
"""From `(n, height, width, channels)`, uint8, to `(n, classes)`: a runtime's own function."""

PARTS = 5
"""The cover is the picture's shorter side divided by this; it moves by half of itself."""

MOST_BYTES = 1 << 26
"""Of covered pictures that are held in memory at once."""


def occlusion_map(
    probabilities: Probabilities, pixels: Pixels, target: int, cover: Pixels | None = None
) -> NDArray[np.float32]:
    """Return how much each pixel's covering speaks against a class, signed, not normalised.

    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV
    2014, section 4.2. A square moves over the picture; a pixel gets the mean fall of the
    class's log-odds over all squares that cover it. Log-odds, since the probability of a
    sure answer hardly moves.

    Args:
        probabilities: What is asked; a runtime's function.
        pixels: `(height, width, channels)`, uint8.
        target: The number of the class.
        cover: What stands in the square, as large as the picture; `plain_cover` by default.

    Returns:
        `(height, width)`, float32.

    Example:
        >>> def is_bright(pictures):
        ...     share = np.clip(pictures[:, :4].mean(axis=(1, 2, 3)) / 255, 0.01, 0.99)
        ...     return np.stack([1 - share, share], axis=1).astype(np.float32)
        >>> picture = np.zeros((10, 10, 1), np.uint8)
        >>> picture[:4] = 255
        >>> found = occlusion_map(is_bright, picture, 1)
        >>> bool(found[:4].min() > found[7:].max())
        True
    """
    cover = plain_cover(pixels) if cover is None else cover
    height, width = pixels.shape[:2]
    side = max(1, round(min(height, width) / PARTS))
    squares = list(product(_spans(height, side), _spans(width, side)))
    whole = log_odds(probabilities(pixels[None]), target)[0]
    falls = np.zeros((height, width))
    times = np.zeros((height, width))
    for part in _in_parts(squares, pixels.nbytes):
        covered = np.repeat(pixels[None], len(part), axis=0)
        for picture, (rows, columns) in zip(covered, part, strict=True):
            picture[rows, columns] = cover[rows, columns]
        found = whole - log_odds(probabilities(covered), target)
        for fall, (rows, columns) in zip(found, part, strict=True):
            falls[rows, columns] += fall
            times[rows, columns] += 1
    return np.asarray(falls / times, np.float32)


def plain_cover(pixels: Pixels) -> Pixels:
    """Return a picture of one colour: the mean of `(height, width, channels)` pixels."""
    mean = pixels.mean(axis=(0, 1)).round().astype(np.uint8)
    return np.broadcast_to(mean, pixels.shape)


def log_odds(probabilities: NDArray[np.float32], target: int) -> NDArray[np.float64]:
    """Return the logarithm of a class's probability over that of all others, `(n,)`.

    Both are at least 1e-7, and the others' is summed instead of taken from 1, which would
    round a sure answer's to nothing.

    Args:
        probabilities: `(n, classes)`.
        target: The number of the class.
    """
    own = probabilities[:, target].astype(np.float64)
    others = np.delete(probabilities, target, axis=1).sum(axis=1, dtype=np.float64)
    return np.asarray(np.log(np.maximum(own, 1e-7)) - np.log(np.maximum(others, 1e-7)))


def _spans(length: int, side: int) -> list[slice]:
    """Return where the square stands along one side; it may begin and end outside."""
    stride = max(1, side // 2)
    first = range(stride - side, length, stride)
    return [slice(max(0, start), start + side) for start in first]


def _in_parts(squares: list[tuple[slice, slice]], size: int) -> Iterator[list[tuple[slice, slice]]]:
    count = max(1, MOST_BYTES // size)
    for start in range(0, len(squares), count):
        yield squares[start : start + count]
