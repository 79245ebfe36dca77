"""Which pictures are the same, by their pixels or but for slight changes, as cluster numbers."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tellapart.data.alignment import residuals
from tellapart.data.fingerprints import Fingerprints, fingerprint
from tellapart.data.measures import Floats, Measures
from tellapart.data.samples import Indices, Samples
from tellapart.data.survey import survey_samples
from tellapart.images.arrays import Pixels
from tellapart.progress import SILENCE, Progress, Task

STRICTEST, LOOSEST = 0.0012, 0.02
"""Between these lies the share of a picture's variance that a copy may leave unexplained."""

_SHARE_OF_STRANGERS = 0.06
_LEAST_CONTRAST = 4.0
_ROWS, _PARTS, _NEAREST = 1024, 16, 2
_SECOND_REACH = 1 / 3
"""The second nearest matters among several copies of one picture, which lie close together."""


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Is which pictures belong together: the same number, the same picture.

    Attributes:
        exact: `(n,)`: numbers of the clusters of equal pixels.
        near: `(n,)`: numbers of the clusters that near-duplicates join as well.
    """

    exact: Indices
    near: Indices


def cluster_samples(samples: Samples, progress: Progress = SILENCE) -> Indices:
    """Return a cluster number for each sample: those of one cluster show one picture.

    A picture that cannot be read is a cluster of its own. Whoever splits samples keeps
    clusters whole.

    Args:
        samples: What to cluster.
        progress: Where long work shows itself.

    Returns:
        `(n,)`, int64, counted from 0.
    """
    facts = survey_samples(samples, progress)
    numbers = np.arange(len(samples)) + len(samples)
    numbers[facts.kept] = find_duplicates(facts.measures, progress).near
    return np.asarray(np.unique(numbers, return_inverse=True)[1], np.int64)


def find_duplicates(measures: Measures, progress: Progress = SILENCE) -> Duplicates:
    """Return which pictures are the same, and which are but for slight changes.

    Slight are: another encoding, size or light, mirroring left to right, and a few per cent
    cut off at the edges. Pictures of hardly any contrast are compared by their pixels alone.

    Args:
        measures: What `measure` found on each picture.
        progress: Where long work shows itself.
    """
    _, firsts, exact = np.unique(measures.digests, return_index=True, return_inverse=True)
    clear = firsts[measures.contrast[firsts] >= _LEAST_CONTRAST]
    near = exact.astype(np.int64)
    if len(clear) > 1:
        pairs = clear[find_near_pairs(measures.thumbnails[clear], progress)]
        near = _join(exact[pairs], len(firsts))[exact]
    return Duplicates(exact.astype(np.int64), near)


def find_near_pairs(thumbnails: Pixels, progress: Progress = SILENCE) -> Indices:
    """Return the pairs of pictures of which one is a slightly changed copy of the other.

    The nearest by fingerprint are compared in full. How much a copy may leave unexplained
    follows from what the nearest strangers leave: photos differ more than drawings of one kind.

    Args:
        thumbnails: `(n, 32, 32)`, uint8, no two alike.
        progress: Where long work shows itself.

    Returns:
        `(k, 2)`: positions in `thumbnails`.
    """
    prints = fingerprint(thumbnails)
    mirrored = thumbnails[:, :, ::-1]
    with progress.task("looking for near-duplicates", 2 * len(thumbnails), "images") as task:
        plain, apart = _nearest(prints.vectors, prints.vectors, task)
        turned, turned_apart = _nearest(prints.mirrored, prints.vectors, task)
    limit = _limit(thumbnails, plain)
    found = [
        pairs[residuals(left[pairs[:, 0]], thumbnails[pairs[:, 1]], limit) < limit]
        for left, pairs in (
            (thumbnails, _within(plain, apart, prints)),
            (mirrored, _within(turned, turned_apart, prints)),
        )
    ]
    return np.concatenate(found)


def _nearest(queries: Floats, vectors: Floats, task: Task) -> tuple[Indices, Floats]:
    """Return the two nearest of each vector, and the squares of their distances.

    Of each sixteenth of the vectors only the nearest one is a candidate: that is quick, and
    loses the second only where it lies in the same sixteenth.
    """
    count = len(vectors)
    parts = min(_PARTS, count)
    bounds = np.linspace(0, count, parts + 1).astype(np.int64)
    lengths = (vectors**2).sum(axis=1)
    wide = np.concatenate([vectors * -2, lengths[:, np.newaxis]], axis=1).T
    places = np.empty((count, parts), np.int64)
    apart = np.empty((count, parts), np.float32)
    for start in range(0, count, _ROWS):
        rows = np.arange(start, min(start + _ROWS, count))
        query = np.pad(queries[rows], ((0, 0), (0, 1)), constant_values=1)
        for part, (low, high) in enumerate(itertools.pairwise(bounds)):
            table = query @ wide[:, low:high]
            own = rows[(rows >= low) & (rows < high)]
            table[own - start, own - low] = np.inf
            best = table.argmin(axis=1)
            places[rows, part] = best + low
            apart[rows, part] = table[rows - start, best]
        task.advance(len(rows))
    order = apart.argsort(axis=1)[:, :_NEAREST]
    squares = np.take_along_axis(apart, order, axis=1) + (queries**2).sum(axis=1, keepdims=True)
    return np.take_along_axis(places, order, axis=1), squares


def _within(places: Indices, apart: Floats, prints: Fingerprints) -> Indices:
    """Return the `(k, 2)` pairs that lie within reach, each of them once."""
    reach = prints.reach * np.array([1.0, _SECOND_REACH])[: apart.shape[1]]
    rows, columns = np.nonzero(apart < reach)
    pairs = np.stack([rows, places[rows, columns]], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _limit(thumbnails: Pixels, nearest: Indices) -> float:
    """Return what a copy may leave: a small share of what half of the nearest leave."""
    chosen = np.linspace(0, len(thumbnails) - 1, min(512, len(thumbnails))).astype(np.int64)
    left = residuals(thumbnails[chosen], thumbnails[nearest[chosen, 0]], np.inf)
    usual = float(np.median(left))
    return float(np.clip(_SHARE_OF_STRANGERS * usual, STRICTEST, LOOSEST))


def _join(pairs: Indices, count: int) -> NDArray[np.int64]:
    """Return the number of the connected part that each of `count` things belongs to."""
    graph = coo_array((np.ones(len(pairs), np.bool_), (pairs[:, 0], pairs[:, 1])), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
