"""Whether a heat map means anything: pixels are removed in its order, and in random ones."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tellapart.explain.geometry import draw_out, spread_evenly
from tellapart.explain.occlusion import MOST_BYTES, Probabilities, plain_cover
from tellapart.images.arrays import Pixels

STEPS = 14
"""Each curve has so many pictures between the whole one and the plain ground."""

RANDOM_ORDERS = 19
"""A map that beats all of them does so by chance in 1 of 20 cases."""

SIGNIFICANCE = 0.05

LEAST_GAIN = 0.05
"""Below so much more probability than by random orders, a map is not worth looking at."""


class Faithfulness(BaseModel):
    """Is how the answer changes as pixels go and come in the order of a map.

    V. Petsiuk, A. Das and K. Saenko, "RISE: Randomized input sampling for explanation of
    black-box models", BMVC 2018, section 4.3. All scores are means over the curve, in
    probability; up is good.

    Attributes:
        deletion_score: How far the probability falls while pixels are covered, hottest first.
        insertion_score: The probability while pixels come onto a plain ground, hottest first.
        random_deletion_score: The mean of the same over random orders as coarse as the map.
        random_insertion_score: The same for insertion.
        gain: Half the sum of both scores above their random means.
        p_value: How often a random order does as well as the map, itself counted.
        random_orders: How many there were.
        agreement: Spearman's rank correlation with the map of occlusion, or, for occlusion,
            with the one from the network's last spatial layer, if Keras answers; else `None`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deletion_score: float
    insertion_score: float
    random_deletion_score: float
    random_insertion_score: float
    gain: float
    p_value: float
    random_orders: int
    agreement: float | None = None

    @property
    def is_meaningful(self) -> bool:
        """Return whether the map beats random orders by more than chance, and by enough."""
        return self.p_value <= SIGNIFICANCE and self.gain >= LEAST_GAIN

    def verdict(self, label: str) -> str:
        """Return in words whether the map means anything for the class `label`."""
        facts = (
            f"Covering its pixels first lowers the probability of {label} by "
            f"{100 * self.deletion_score:.0f} points on average, random orders by "
            f"{100 * self.random_deletion_score:.0f}; showing them first gives "
            f"{self.insertion_score:.0%}, random orders {self.random_insertion_score:.0%} "
            f"({self.random_orders} orders, p = {self.p_value:.2f})."
        )
        if self.is_meaningful:
            claim = "The map means something."
        elif self.p_value <= SIGNIFICANCE:
            claim = "Do not read much into this map: it tells little more than random orders do."
        else:
            claim = "Do not read anything into this map: random orders do as well, within chance."
        if self.agreement is None:
            return f"{claim} {facts}"
        return f"{claim} {facts} {_agreement_in_words(self.agreement)}"


def weigh_map(
    probabilities: Probabilities,
    pixels: Pixels,
    target: int,
    heat: NDArray[np.float32],
    *,
    cells: tuple[int, int],
    seed: int = 0,
) -> Faithfulness:
    """Return whether a heat map tells where the evidence is, without `agreement`.

    Random orders come from random maps of as many cells, so that they remove patches as large
    as the map does: scattered pixels would destroy any picture sooner.

    Args:
        probabilities: What is asked; a runtime's function.
        pixels: `(height, width, channels)`, uint8.
        target: The number of the class.
        heat: `(height, width)`; only its order counts.
        cells: (rows, columns) of the map before it was drawn out.
        seed: Of the random orders.
    """
    generator = np.random.default_rng(seed)
    size = (heat.shape[0], heat.shape[1])
    noise = generator.random((RANDOM_ORDERS, *cells), dtype=np.float32)
    maps = np.concatenate([heat[None], draw_out(noise, spread_evenly(size, cells), size)])
    # equal values, as of the cold half of many maps, go in random order instead of top down
    ties = generator.permutation(heat.size)
    orders = np.stack([_ranks(one, ties) for one in maps])
    deleted, inserted = _curve_means(probabilities, pixels, target, orders)
    (whole,) = probabilities(pixels[None])[:, target]
    falls = float(whole) - deleted
    totals = falls + inserted
    as_good = int((totals[1:] >= totals[0]).sum())
    return Faithfulness(
        deletion_score=float(falls[0]),
        insertion_score=float(inserted[0]),
        random_deletion_score=float(falls[1:].mean()),
        random_insertion_score=float(inserted[1:].mean()),
        gain=float(totals[0] - totals[1:].mean()) / 2,
        p_value=(1 + as_good) / (1 + RANDOM_ORDERS),
        random_orders=RANDOM_ORDERS,
    )


def rank_agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Return Spearman's rank correlation of two maps, or `None` where one is the same all over.

    Args:
        one: `(height, width)`.
        other: The same.

    Example:
        >>> rank_agreement(np.array([[1.0, 2.0, 3.0]]), np.array([[10.0, 20.0, 90.0]]))
        1.0
    """
    from scipy.stats import rankdata

    ranks = [rankdata(heat) for heat in (one.ravel(), other.ravel())]
    if min(np.ptp(found) for found in ranks) == 0:
        return None
    return float(np.round(np.corrcoef(*ranks)[0, 1], 12))


def _ranks(heat: NDArray[np.float32], ties: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each pixel in the order from the hottest, from 0."""
    order = np.lexsort((ties, -heat.ravel()))
    ranks = np.empty(heat.size, np.int64)
    ranks[order] = np.arange(heat.size)
    return ranks.reshape(heat.shape)


def _curve_means(
    probabilities: Probabilities, pixels: Pixels, target: int, orders: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean probability while pixels go, and while they come, for each order."""
    counts = np.linspace(0, orders[0].size, STEPS + 2)[1:-1].astype(np.int64)
    cover = plain_cover(pixels)
    means = []
    for first, then in ((cover, pixels), (pixels, cover)):
        found = [
            probabilities(np.where(chosen[..., None], first, then))[:, target]
            for chosen in _in_parts(orders, counts, pixels.nbytes)
        ]
        curves = np.concatenate(found).astype(np.float64).reshape(len(orders), len(counts))
        means.append(curves.mean(axis=1))
    return means[0], means[1]


def _in_parts(
    orders: NDArray[np.int64], counts: NDArray[np.int64], size: int
) -> Iterator[NDArray[np.bool_]]:
    """Yield which pixels are chosen, `(part, height, width)`, order by order."""
    jobs = list(product(orders, counts))
    most = max(1, MOST_BYTES // size)
    for start in range(0, len(jobs), most):
        yield np.stack([order < count for order, count in jobs[start : start + most]])


def _agreement_in_words(agreement: float) -> str:
    kinds = ((0.5, "agrees"), (0.2, "agrees in part"), (-1.0, "does not agree"))
    word = next(word for least, word in kinds if agreement >= least)
    return f"The other way of looking {word} (rank correlation {agreement:.2f})."
