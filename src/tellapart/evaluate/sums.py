"""What is summed over samples, as sparse columns: counts by class, by bin, and means."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Places = NDArray[np.int64]
Floats = NDArray[np.floating]


def hot_columns(blocks: Sequence[tuple[Places, int, Floats]]) -> csr_array:
    """Return columns in which each sample has one number in each block.

    Args:
        blocks: Of each, `(n,)`: the sample's column in it; how many columns it has; and
            `(n,)`: what stands there.

    Returns:
        `(n, sum of the columns)`.

    Example:
        >>> hot_columns([(np.array([1, 0]), 2, np.array([5.0, 7.0]))]).toarray().tolist()
        [[0.0, 5.0], [7.0, 0.0]]
    """
    starts = np.cumsum([0, *(width for _, width, _ in blocks)])
    count = len(blocks[0][0])
    rows = np.tile(np.arange(count), len(blocks))
    columns = np.concatenate(
        [start + block[0] for start, block in zip(starts, blocks, strict=False)]
    )
    values = np.concatenate([np.asarray(block[2], np.float64) for block in blocks])
    return csr_array((values, (rows, columns)), shape=(count, int(starts[-1])))
