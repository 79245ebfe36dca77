"""Arrays of pixels: whole numbers 0–255 of any type, as uint8."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import DataError

Pixels = NDArray[np.uint8]


def as_uint8(array: NDArray[Any], name: str) -> Pixels:
    """Return whole numbers 0–255 of any type as uint8, without a copy where they are.

    Raises:
        DataError: NaN, fractions, or numbers outside 0–255. Pixels scaled to 0–1 are
            told apart and the multiplication named.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name} must hold pixels as numbers. Received: {array.dtype}.")
    if array.size == 0:
        return array.astype(np.uint8)
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        count = int(array.size - np.isfinite(array).sum())
        raise DataError(f"{name} must hold no NaN and no infinity. Received: {count:,} of them.")
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        raise DataError(
            f"{name} must hold uint8 pixels 0–255; the network scales them itself. Received: "
            f"{array.dtype} in 0–1. Fix: images = (images * 255).round().astype('uint8')"
        )
    whole = array.astype(np.uint8) if low >= 0 and high <= 255 else None
    if whole is None or not np.array_equal(whole, array):
        raise DataError(
            f"{name} must hold whole numbers 0–255. Received: {array.dtype} in {low:g} to {high:g}."
        )
    return whole
