"""What augmentation does to each sample: a function of (seed, epoch, place), drawn in one go."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.data.samples import Indices
from tellapart.sections import AugmentSection, ImageSpec

COLUMNS = 8
"""Numbers a sample: row offset and step, column offset and step, hole, shares of itself."""

_STREAM = 1 << 62
"""Keeps these draws apart from those of the order of the samples."""


@dataclass(frozen=True, eq=False)
class Changes:
    """Is what happens to some samples, place by place in an epoch's order.

    Attributes:
        numbers: `(n, COLUMNS)`, float32. Output row `i` is taken from input row
            `offset + step · i`; a hole's middle is given in output pixels; the last two are
            how much of the picture, and of its target, is its own, not its partner's.
        partners: `(n,)`, int32: which sample it is mixed with.
    """

    numbers: NDArray[np.float32]
    partners: NDArray[np.int32]

    def at(self, places: Indices) -> "Changes":
        """Return the changes at some places."""
        return Changes(self.numbers[places], self.partners[places])


def draw_changes(
    section: AugmentSection, image: ImageSpec, seed: int, epoch: int, count: int
) -> Changes:
    """Return what one epoch does to its samples.

    Flip, shift and crop are one map of coordinates a side (crop keeps the picture's
    proportions, as far as its pixels allow); the hole is Cutout's (DeVries and Taylor 2017),
    the share Mixup's (Zhang et al. 2018), taken so that a sample is mostly itself.

    Args:
        section: What is wanted.
        image: The size of the pictures.
        seed: The recipe's seed.
        epoch: Counted from 0.
        count: How many samples there are.
    """
    random = np.random.Generator(np.random.Philox(key=[seed, _STREAM | epoch]))
    uniform = random.random((count, 6))
    kept = np.sqrt(1.0 - (1.0 - section.crop) * uniform[:, 0])
    is_flipped = (uniform[:, 1] < 0.5) & section.flip
    numbers = np.empty((count, COLUMNS), np.float32)
    for axis, side in enumerate((image.height, image.width)):
        place = uniform[:, 2 + axis]
        offset = _shift(section.shift, side, place) + place * (1.0 - kept) * (side - 1)
        step = kept
        if axis == 1:
            offset = np.where(is_flipped, offset + kept * (side - 1), offset)
            step = np.where(is_flipped, -kept, kept)
        numbers[:, 2 * axis], numbers[:, 2 * axis + 1] = offset, step
        numbers[:, 4 + axis] = np.floor(uniform[:, 4 + axis] * side)
    if section.mixup:
        shares = random.beta(section.mixup, section.mixup, count)
        numbers[:, 6] = np.maximum(shares, 1.0 - shares)
        partners = random.integers(count, size=count, dtype=np.int32)
    else:
        numbers[:, 6], partners = 1.0, np.zeros(count, np.int32)
    numbers[:, 7] = numbers[:, 6]
    return Changes(numbers, partners)


def _shift(share: float, side: int, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return whole pixels, each as often, of at most this share of a side either way."""
    most = round(share * side)
    return np.floor(place * (2 * most + 1)) - most
