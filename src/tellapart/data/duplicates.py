"""Which pictures are the same, by their pixels or but for slight changes, as cluster numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tellapart.data.alignment import residuals
from tellapart.data.fingerprints import Fingerprints, fingerprint
from tellapart.data.measures import Floats, Measures, join_measures
from tellapart.data.nearest import find_nearest
from tellapart.data.samples import Indices, Samples
from tellapart.data.survey import survey_samples
from tellapart.images.arrays import Pixels
from tellapart.progress import SILENCE, Progress

STRICTEST, LOOSEST = 0.0012, 0.02
"""Between these lies the share of a picture's variance that a copy may leave unexplained."""

_SHARE_OF_STRANGERS = 0.06
_LEAST_CONTRAST = 4.0
_SECOND_REACH = 1 / 3
"""The second nearest matters among several copies of one picture, which lie close together."""

_ASKED = 2048
"""Of so many pictures is asked how near strangers come; the median of 512 varied by a tenth."""

_AFFORDABLE = 4096
"""So many pairs are compared in any case, since the reach is known badly from few pictures."""


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
    return cluster_together((samples,), progress)[0]


def cluster_together(parts: Sequence[Samples], progress: Progress = SILENCE) -> tuple[Indices, ...]:
    """Return the same for several rows of samples, whose clusters are numbered alike.

    Args:
        parts: What to cluster, such as a data set's splits.
        progress: Where long work shows itself.

    Returns:
        `(n,)`, int64, for each row.
    """
    surveys = [survey_samples(samples, progress) for samples in parts]
    starts = np.cumsum([0, *(len(samples) for samples in parts)])
    numbers = np.arange(starts[-1]) + starts[-1]
    kept = np.concatenate([f.kept + at for f, at in zip(surveys, starts[:-1], strict=True)])
    measures = join_measures([facts.measures for facts in surveys])
    numbers[kept] = find_duplicates(measures, progress).near
    clusters = np.asarray(np.unique(numbers, return_inverse=True)[1], np.int64)
    return tuple(np.split(clusters, starts[1:-1]))


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
        plain, apart = find_nearest(prints.vectors, prints.vectors, prints.window, task)
        turned, turned_apart = find_nearest(prints.mirrored, prints.vectors, prints.window, task)
    limit = _limit(thumbnails, plain[:, 0], np.isfinite(apart[:, 0]))
    found = [
        pairs[residuals(left[pairs[:, 0]], thumbnails[pairs[:, 1]], limit) < limit]
        for left, pairs in (
            (thumbnails, _within(plain, apart, prints)),
            (mirrored, _within(turned, turned_apart, prints)),
        )
    ]
    return np.concatenate(found)


def _within(places: Indices, apart: Floats, prints: Fingerprints) -> Indices:
    """Return the `(k, 2)` pairs that lie within reach, or are affordable, each of them once."""
    weighted = apart / np.array([1.0, _SECOND_REACH])
    nearest = np.partition(weighted, min(_AFFORDABLE, weighted.size) - 1, axis=None)
    reach = max(prints.reach, float(nearest[min(_AFFORDABLE, weighted.size) - 1]))
    rows, columns = np.nonzero((weighted <= reach) & np.isfinite(weighted))
    pairs = np.stack([rows, places[rows, columns]], axis=1)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _limit(thumbnails: Pixels, nearest: Indices, is_known: NDArray[np.bool_]) -> float:
    """Return what a copy may leave: a small share of what half of the nearest strangers leave.

    Who leaves less than any limit is a copy and tells nothing of strangers, as where most
    pictures are there twice.
    """
    known = np.flatnonzero(is_known)
    if not len(known):
        return STRICTEST
    chosen = known[np.linspace(0, len(known) - 1, min(_ASKED, len(known))).astype(np.int64)]
    left = residuals(thumbnails[chosen], thumbnails[nearest[chosen]], np.inf)
    strangers = left[left > STRICTEST]
    usual = float(np.median(strangers)) if len(strangers) else 0.0
    return float(np.clip(_SHARE_OF_STRANGERS * usual, STRICTEST, LOOSEST))


def _join(pairs: Indices, count: int) -> NDArray[np.int64]:
    """Return the number of the connected part that each of `count` things belongs to."""
    graph = coo_array((np.ones(len(pairs), np.bool_), (pairs[:, 0], pairs[:, 1])), (count, count))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)
