"""Pictures that look like photos to a decoder: detail at every scale, less of it the finer."""

import numpy as np
from PIL import Image

from tellapart.images.arrays import Pixels


def photo(width: int, height: int, seed: int = 0, *, roughness: float = 0.5) -> Pixels:
    """Return `(height, width, 3)` of noise summed over octaves, as natural images have it.

    Args:
        width: In pixels.
        height: In pixels.
        seed: Of the noise.
        roughness: How little the finer octaves are damped less; a power of their size.
    """
    random = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    side = 2
    while side < max(width, height):
        rows, columns = min(side, height), min(side, width)
        for channel in range(3):
            noise = Image.fromarray(random.normal(size=(rows, columns)).astype(np.float32))
            layer = np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC))
            total[:, :, channel] += layer / side**roughness
        side *= 2
    total -= total.min()
    return np.asarray(total * (255 / total.max())).astype(np.uint8)
