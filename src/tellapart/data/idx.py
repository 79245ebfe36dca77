"""The IDX format of the MNIST family: a small header, then the numbers."""

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import DataError

_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_content(path: Path) -> bytes:
    """Return a file's content, uncompressed where it is gzip.

    Raises:
        DataError: The file cannot be read, or is damaged or cut short.
    """
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"Cannot read {path}: {error}.") from error


def parse_idx(content: bytes, name: str) -> NDArray[Any]:
    """Return the array in an uncompressed IDX file.

    The format: two zero bytes, the type, the number of dimensions, each dimension as a
    big-endian 32-bit number, then the values (Y. LeCun, the MNIST database).

    Raises:
        DataError: The header or the length is wrong.
    """
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise DataError(f"{name} is not an IDX file.")
    dimensions = content[3]
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise DataError(f"{name} is damaged: it ends within its header.")
    shape = tuple(int(n) for n in np.frombuffer(content[4:start], ">u4"))
    kind = np.dtype(_TYPES[content[2]])
    if len(content) - start != math.prod(shape) * kind.itemsize:
        raise DataError(f"{name} is damaged: its length does not fit its header {shape}.")
    try:
        return np.frombuffer(content, kind, offset=start).reshape(shape)
    except ValueError as error:
        raise DataError(f"{name} has a header that no array can have: {error}.") from error
