"""The nearest samples to some others, by their features."""

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import DataError
from tellapart.evaluate.confidence import Numbers

ROWS_AT_ONCE = 8192
"""So many samples are compared at one time, whatever their number."""


def find_neighbours(
    features: NDArray[np.generic],
    queries: Numbers,
    count: int,
    spaces: NDArray[np.generic] | None = None,
) -> Numbers:
    """Return the nearest other samples to some of them, by squared Euclidean distance.

    Args:
        features: `(n, d)`, or of any shape from the second axis on: numbers.
        queries: `(q,)`: the samples that neighbours are wanted of.
        count: How many, at least 1.
        spaces: `(n,)`: samples of different spaces cannot be compared, such as the features
            that different networks see; by default all can.

    Returns:
        `(q, count)`: positions, nearest first; -1 where there are no more.

    Raises:
        DataError: There are no samples, or `count` is below 1.

    Example:
        >>> find_neighbours(np.array([[0.0], [5.0], [1.0]]), np.array([0]), 2).tolist()
        [[2, 1]]
    """
    if not len(features) or count < 1:
        raise DataError(
            "Neighbours must be at least 1, of at least one sample. "
            f"Received: {count} of {len(features)}."
        )
    asked = _as_rows(features[queries])
    places = np.full((len(queries), count), -1, np.int64)
    distances = np.full((len(queries), count), np.inf, np.float32)
    for first in range(0, len(features), ROWS_AT_ONCE):
        part = _as_rows(features[first : first + ROWS_AT_ONCE])
        numbers = np.arange(first, first + len(part))
        found = ((asked**2).sum(axis=1)[:, np.newaxis] + (part**2).sum(axis=1)) - 2 * asked @ part.T
        found[queries[:, np.newaxis] == numbers] = np.inf
        if spaces is not None:
            found[spaces[queries][:, np.newaxis] != spaces[numbers]] = np.inf
        everywhere = np.concatenate([distances, found], axis=1)
        order = np.argsort(everywhere, axis=1, kind="stable")[:, :count]
        rows = np.concatenate([places, np.broadcast_to(numbers, found.shape)], axis=1)
        places = np.take_along_axis(rows, order, axis=1)
        distances = np.take_along_axis(everywhere, order, axis=1)
    return np.where(np.isfinite(distances), places, -1)


def _as_rows(values: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.asarray(values.reshape(len(values), -1), np.float32)
