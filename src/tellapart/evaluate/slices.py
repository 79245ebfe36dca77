"""Which pictures are answered worse than the rest: the dark, the blurred, the small."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from tellapart.evaluate.correction import holm
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.parts import Slice

SIGNIFICANCE = 0.05
MANY = 500
"""From so many samples on a fact is cut into five parts, below into three."""

LEAST = 10
"""A slice of fewer samples is not looked at."""

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SliceSearch:
    """Is what a search found.

    Attributes:
        found: The slices that are answered worse than the rest, the surest finding first.
        tried: How many were looked at.
    """

    found: tuple[Slice, ...]
    tried: int


@dataclass(frozen=True, eq=False)
class _Cut:
    """Is one slice that is looked at."""

    fact: str
    values: Floats
    inside: NDArray[np.bool_]


def find_slices(right: NDArray[np.bool_], facts: Mapping[str, Floats]) -> SliceSearch:
    """Return the slices whose accuracy is lower than that of the rest by more than chance.

    Each fact is cut at its quantiles, and each part compared with all other samples by
    Fisher's exact test, one-sided. Who looks at many slices finds a bad one by chance, so the
    p-values are corrected for their number: where nothing is there, one search in twenty at
    most finds anything. Samples of one group are counted one by one, so that with few, large
    groups a finding means less.

    Args:
        right: `(n,)`: which answers are right.
        facts: By name, `(n,)`: what was measured on each sample. One that hardly differs
            between samples gives no slice.

    Example:
        >>> brightness = np.arange(300.0)
        >>> found = find_slices(brightness >= 60, {"brightness": brightness}).found
        >>> found[0].fact, found[0].high
        ('brightness', 99.0)
    """
    cuts = [cut for fact, values in facts.items() for cut in _cuts(fact, values)]
    if not cuts:
        return SliceSearch((), 0)
    chances = holm(_chances(right, np.stack([cut.inside for cut in cuts])))
    order = [int(place) for place in np.argsort(chances, kind="stable")]
    found = [_slice(right, cuts[i], float(chances[i])) for i in order if chances[i] < SIGNIFICANCE]
    return SliceSearch(tuple(found), len(cuts))


def _cuts(fact: str, values: Floats) -> Iterator[_Cut]:
    """Yield the parts of a fact; none where nearly all samples have the same value."""
    parts = 5 if len(values) >= MANY else 3
    edges = np.unique(np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1]))
    places = np.searchsorted(edges, values, side="left")
    for place in range(len(edges) + 1):
        inside = places == place
        if min(inside.sum(), (~inside).sum()) >= LEAST:
            yield _Cut(fact, values, inside)


def _chances(right: NDArray[np.bool_], inside: NDArray[np.bool_]) -> list[float]:
    """Return the chance of so few right answers in each slice, were it no worse than the rest.

    Args:
        right: `(n,)`: which answers are right.
        inside: `(slices, n)`: which samples are in which slice.
    """
    among, sizes = (right & inside).sum(axis=1), inside.sum(axis=1)
    found: list[float] = hypergeom.cdf(among, len(right), int(right.sum()), sizes).tolist()
    return found


def _slice(right: NDArray[np.bool_], cut: _Cut, p_value: float) -> Slice:
    chosen = cut.values[cut.inside]
    inside, outside = right[cut.inside], right[~cut.inside]
    return Slice(
        fact=cut.fact,
        low=float(chosen.min()),
        high=float(chosen.max()),
        samples=len(chosen),
        accuracy=wilson_interval(int(inside.sum()), len(inside)),
        rest=wilson_interval(int(outside.sum()), len(outside)),
        p_value=p_value,
    )
