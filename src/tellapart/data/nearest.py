"""The nearest of many vectors to each of many others, by all processors."""

import numpy as np

from tellapart.data.measures import Floats
from tellapart.data.samples import Indices
from tellapart.data.threads import side_by_side
from tellapart.progress import Task

NEAREST = 2
"""So many are looked for: the second matters among several copies of one picture."""

_ROWS, _PARTS = 512, 8
_FEW = 4096
"""Among so many vectors all are looked at."""


def find_nearest(
    queries: Floats, vectors: Floats, window: float, task: Task
) -> tuple[Indices, Floats]:
    """Return the two nearest vectors of each query, and the squares of their distances.

    Only vectors whose last number differs by less than `window` are looked at, which are few
    where that number differs much between vectors. Of each eighth of those only the nearest
    one is a candidate: that is quick, and loses the second only where it lies in the same.

    Args:
        queries: `(n, length)`.
        vectors: `(n, length)`; vector i is never an answer to query i.
        window: How far apart the last numbers may lie; no matter where vectors are few.
        task: What is told of the progress.

    Returns:
        `(n, 2)` positions in `vectors`, and `(n, 2)` squares, infinite where there is none.
    """
    count = len(vectors)
    if count <= _FEW:
        window = np.inf
    by_place = vectors[:, -1].argsort(kind="stable")
    ranks = np.empty(count, np.int64)
    ranks[by_place] = np.arange(count)
    places, table = vectors[by_place, -1], _prepare(vectors[by_place])
    order = queries[:, -1].argsort(kind="stable")
    found = np.zeros((count, NEAREST), np.int64)
    apart = np.full((count, NEAREST), np.inf, np.float32)

    def look(start: int) -> int:
        rows = order[start : start + _ROWS]
        ends = queries[rows[[0, -1]], -1] + np.array([-window, window], np.float32)
        low, high = np.searchsorted(places, ends, side="left").tolist()
        best, squares = _best_of(queries[rows], table[:, low:high], ranks[rows] - low)
        found[rows, : best.shape[1]] = by_place[best + low]
        apart[rows, : best.shape[1]] = squares
        return len(rows)

    for done in side_by_side(look, range(0, count, _ROWS)):
        task.advance(done)
    return found, apart


def _prepare(vectors: Floats) -> Floats:
    """Return a `(length + 1, n)` matrix that gives squared distances but for the query's own."""
    lengths = (vectors**2).sum(axis=1, keepdims=True)
    return np.ascontiguousarray(np.concatenate([vectors * -2, lengths], axis=1).T)


def _best_of(queries: Floats, table: Floats, own: Indices) -> tuple[Indices, Floats]:
    """Return the columns of `table` that are nearest to each query, and how near.

    Args:
        queries: `(k, length)`.
        table: What `_prepare` made, `(length + 1, m)`.
        own: `(k,)`: the column that is no answer, if it is one of them.
    """
    rows, parts = np.arange(len(queries)), min(_PARTS, table.shape[1])
    bounds = np.linspace(0, table.shape[1], parts + 1).astype(np.int64)
    query = np.pad(queries, ((0, 0), (0, 1)), constant_values=1)
    best = np.zeros((len(queries), parts), np.int64)
    apart = np.empty((len(queries), parts), np.float32)
    for part in range(parts):
        low, high = bounds[part], bounds[part + 1]
        squares = query @ table[:, low:high]
        here = np.flatnonzero((own >= low) & (own < high))
        squares[here, own[here] - low] = np.inf
        best[:, part] = squares.argmin(axis=1) + low
        apart[:, part] = squares[rows, best[:, part] - low]
    order = apart.argsort(axis=1)[:, :NEAREST]
    nearest = np.take_along_axis(apart, order, axis=1) + (queries**2).sum(axis=1, keepdims=True)
    return np.take_along_axis(best, order, axis=1), nearest
