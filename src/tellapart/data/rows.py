"""Some rows of an array that may be larger than memory, read when they are asked for."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tellapart.images.arrays import Pixels

PIECE_BYTES = 1 << 24
"""What is read at once when all rows are gone through."""

ROWS_AT_ONCE = 64
"""Rows of a map that are copied before its pages are handed back: the system may map two
mebibytes for each of them."""


class Rows:
    """Rows of an array, in an order of their own, copied out only as they are indexed.

    Of an array that is a file mapped into memory, the pages that were read are handed back
    to the system at once: the rest of the process may have the memory, and the system
    keeps the pages for as long as it has room.

    Args:
        array: `(n, height, width, channels)`, uint8; never written to.
        positions: `(k,)`: which of its rows, in which order; by default all.
    """

    def __init__(self, array: Pixels, positions: NDArray[np.int64] | None = None) -> None:
        self._array = np.asarray(array)
        self._positions = np.arange(len(array)) if positions is None else positions
        self._map = _shared_map(array)

    def __len__(self) -> int:
        return len(self._positions)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return `(k, height, width, channels)`."""
        return (len(self), *self._array.shape[1:])

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Return uint8."""
        return self._array.dtype

    @property
    def nbytes(self) -> int:
        """Return how many bytes all rows would take in memory."""
        return len(self) * int(np.prod(self._array.shape[1:])) * self.dtype.itemsize

    def __getitem__(self, places: Any) -> Pixels:
        """Return the rows at a place, a slice or an array of places, as an array in memory."""
        positions = self._positions[places]
        if self._map is None or not np.ndim(positions):
            return np.array(self._array[positions])
        found = np.empty((len(positions), *self._array.shape[1:]), np.uint8)
        for first in range(0, len(positions), ROWS_AT_ONCE):
            part = slice(first, first + ROWS_AT_ONCE)
            # with another mode NumPy would hold a second copy
            np.take(self._array, positions[part], axis=0, out=found[part], mode="clip")
            self._map.madvise(mmap.MADV_DONTNEED)
        return found

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all rows as an array in memory."""
        if copy is False:
            raise ValueError("Rows are always copied when they become an array.")
        found = np.empty(self.shape, np.uint8)
        first = 0
        for piece in pieces(self):
            found[first : first + len(piece)] = piece
            first += len(piece)
        return found if dtype is None else found.astype(dtype, copy=False)


def pieces(pixels: Pixels | Rows, most_bytes: int = PIECE_BYTES) -> Iterator[Pixels]:
    """Yield all rows in their order, C-contiguous, not more than so many bytes at once.

    Args:
        pixels: `(n, height, width, channels)`, uint8.
        most_bytes: One row may be more.
    """
    row_bytes = max(1, pixels.nbytes // max(1, len(pixels)))
    count = max(1, most_bytes // row_bytes)
    for first in range(0, len(pixels), count):
        yield np.ascontiguousarray(pixels[first : first + count])


def is_mapped(array: Pixels) -> bool:
    """Return whether an array is a file that is mapped into memory, or a view of one."""
    return _map_of(array) is not None


def _shared_map(array: Any) -> mmap.mmap | None:
    """Return the map behind an array if its pages may be handed back and come again.

    Those of a map that is changed in memory only (`mode="c"`) would come back unchanged.
    """
    found = _map_of(array)
    return found[1] if found is not None and found[0] in {"r", "r+", "w+"} else None


def _map_of(array: Any) -> tuple[str, mmap.mmap] | None:
    """Return a map and how it was opened, as far as NumPy opened it."""
    mode = ""
    while array is not None and not isinstance(array, mmap.mmap):
        mode = getattr(array, "mode", mode) if isinstance(array, np.memmap) else mode
        array = getattr(array, "base", None)
    return None if array is None else (mode, array)
