"""Pictures brought down to a few pixels: what they have in common at first sight."""

import numpy as np

from tellapart.data.measures import resize
from tellapart.data.rows import Rows, pieces
from tellapart.images.arrays import Pixels


def downsize(pixels: Pixels | Rows, side: int = 16) -> Pixels:
    """Return pictures at `side` pixels on both sides, stretched where they are not square.

    Args:
        pixels: `(n, height, width, channels)`, uint8, in memory or to be read from a map.
        side: The new height and width, at least 1.

    Returns:
        `(n, side, side, channels)`, uint8.

    Example:
        >>> downsize(np.full((2, 32, 48, 3), 7, np.uint8), 4).shape
        (2, 4, 4, 3)
    """
    channels = pixels.shape[3]
    found = np.empty((len(pixels), side, side, channels), np.uint8)
    first = 0
    for piece in pieces(pixels):
        for channel in range(channels):
            small = resize(piece[..., channel].astype(np.float32), side, side)
            found[first : first + len(piece), ..., channel] = np.rint(small).clip(0, 255)
        first += len(piece)
    return found
