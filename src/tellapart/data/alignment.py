"""How much of one picture is left when another, moved, stretched and relit, is taken away."""

import numpy as np
from numpy.typing import NDArray

from tellapart.data.measures import SIDE, Floats, resize
from tellapart.data.threads import side_by_side
from tellapart.images.arrays import Pixels

_PORTION = 64
_STEPS: tuple[tuple[int, float], ...] = ((2, np.inf), (2, 30.0), (1, 3.0), (1, np.inf))
"""Every which row and column a step looks at, and how many times the limit it may leave.

The first two find the place, by a quarter of the pixels; what is smoothed counts from then on.
"""

_LARGEST = np.array([0.15, 0.15, 0.25, 0.25])
"""The largest shifts down and right, and stretches likewise, in shares of the side."""

_SATURATED = 0.97
_TERMS = 7


def residuals(first: Pixels, second: Pixels, limit: float) -> Floats:
    """Return what is left of each picture after the best slight change of its partner.

    Gauss–Newton over shift and stretch along both axes, gain, offset and sharpness: B. D.
    Lucas and T. Kanade, "An iterative image registration technique with an application to
    stereo vision", IJCAI (1981). What is left is smoothed before it counts, since encoders
    and resampling change fine detail, and other pictures differ in coarse ones too. The
    better of the two directions counts: of a cropped picture and its original, only the
    original holds all that is wanted.

    Args:
        first: `(k, 32, 32)`, uint8.
        second: `(k, 32, 32)`, uint8, in the same order.
        limit: Pairs that will hardly come below it are given up early.

    Returns:
        `(k,)`: the share of the variance that is left; more than `limit` where given up.
    """

    def fit(start: int) -> Floats:
        one, two = (p[start : start + _PORTION].astype(np.float32) / 255 for p in (first, second))
        both = _fit(np.concatenate([one, two]), np.concatenate([two, one]), limit)
        return np.asarray(both.reshape(2, -1).min(axis=0), np.float32)

    parts = side_by_side(fit, range(0, len(first), _PORTION))
    return np.concatenate([np.zeros(0, np.float32), *parts])


def _fit(moved: Floats, wanted: Floats, limit: float) -> Floats:
    """Return the share of the variance of `wanted` that slight changes of `moved` leave."""
    left = np.full(len(moved), np.inf, np.float32)
    alive = np.arange(len(moved))
    places = np.zeros((len(moved), 4), np.float32)  # shift down and right, stretch likewise
    bright = _near_white(wanted)
    white = np.zeros(wanted.shape, np.bool_)
    for number, (thin, patience) in enumerate(_STEPS):
        pictures = _warp(moved[alive], places[alive]) if number else moved
        target = wanted[alive, ::thin, ::thin]
        answer, rest = _solve(_terms(pictures, target, thin), ~white[alive, ::thin, ::thin])
        # A brightened picture ends at white: there, more than white is no difference.
        is_white = bright[alive, ::thin, ::thin] & (rest < 0)
        white[alive] = np.repeat(np.repeat(is_white, thin, axis=1), thin, axis=2)
        left[alive] = _share(rest * ~is_white, target)
        gain = answer[:, :1]
        places[alive] += (answer[:, 1:5] / np.maximum(gain, 1e-3)).clip(-0.1, 0.1)
        goes_on = (left[alive] <= patience * limit) & (gain[:, 0] > 0) & _is_slight(places[alive])
        left[alive[~goes_on]] = np.inf
        alive = alive[goes_on]
        if not len(alive):
            break
    return left


def _solve(terms: Floats, counts: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the `(k, 7)` factors by which the basis comes nearest to the target, and the rest.

    Args:
        terms: `(k, 8, side, side)`: the basis and last the target.
        counts: `(k, side, side)`: which pixels count.
    """
    flat = terms.reshape(*terms.shape[:2], -1)
    weighted = flat if counts.all() else flat * counts.reshape(len(flat), 1, -1)
    products = weighted @ flat.transpose(0, 2, 1)
    gram = products[:, :-1, :-1].copy()
    gram += np.eye(_TERMS, dtype=np.float32) * (1e-6 * gram.max(axis=(1, 2), keepdims=True) + 1e-9)
    answer: Floats = np.linalg.solve(gram, products[:, :-1, -1:])[:, :, 0]
    factors = np.concatenate([-answer, np.ones_like(answer[:, :1])], axis=1)
    return answer, (factors[:, np.newaxis] @ flat).reshape(counts.shape)


def _share(rest: Floats, target: Floats) -> Floats:
    """Return the energy of the rest, smoothed if whole, over that of the target's variation."""
    if rest.shape[1] == SIDE:
        rest = 2 * resize(rest, SIDE // 2, SIDE // 2)
    energy = np.einsum("kij,kij->k", rest, rest)
    return np.asarray(energy / np.maximum(target[0].size * target.var(axis=(1, 2)), 1e-6))


def _is_slight(places: Floats) -> NDArray[np.bool_]:
    """Return where shifts and stretches are as small as those of a copy."""
    far = np.abs(places) >= _LARGEST
    return np.asarray(~far.any(axis=1), np.bool_)


def _warp(pictures: Floats, places: Floats) -> Floats:
    """Return pictures read at shifted and stretched places, repeated beyond their edges."""
    grid = _grid()
    rows, columns = (
        _reading(grid * (1 + places[:, 2 + axis, np.newaxis]) + places[:, axis, np.newaxis])
        for axis in range(2)
    )
    return np.asarray(rows @ pictures @ columns.transpose(0, 2, 1), np.float32)


def _reading(where: Floats) -> Floats:
    """Return the `(k, 32, 32)` matrices that read rows at `where`, from -0.5 to 0.5."""
    pixels = ((where + 0.5) * SIDE - 0.5).clip(0, SIDE - 1)
    distance = np.abs(pixels[:, :, np.newaxis] - np.arange(SIDE, dtype=np.float32))
    return np.asarray(np.maximum(1 - distance, 0), np.float32)


def _terms(pictures: Floats, target: Floats, thin: int) -> Floats:
    """Return `(k, 8, side, side)`: what a slight change adds to each picture, and the target.

    The picture itself for its gain, its slopes for shifts, slopes times place for
    stretches, its Laplacian for sharpness, and a constant.

    Args:
        pictures: `(k, 32, 32)`.
        target: `(k, side, side)`.
        thin: Every which row and column of the pictures are looked at.
    """
    terms = np.empty((len(pictures), _TERMS + 1, *target.shape[1:]), np.float32)
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    above, below = wide[:, :-2:thin, 1:-1:thin], wide[:, 2::thin, 1:-1:thin]
    before, behind = wide[:, 1:-1:thin, :-2:thin], wide[:, 1:-1:thin, 2::thin]
    grid = _grid()[::thin]
    terms[:, 0] = pictures[:, ::thin, ::thin]
    terms[:, 1] = (below - above) * (SIDE / 2)
    terms[:, 2] = (behind - before) * (SIDE / 2)
    terms[:, 3] = terms[:, 1] * grid[:, np.newaxis]
    terms[:, 4] = terms[:, 2] * grid
    terms[:, 5] = above + below + before + behind - 4 * terms[:, 0]
    terms[:, 6] = 1
    terms[:, -1] = target
    return terms


def _near_white(pictures: Floats) -> NDArray[np.bool_]:
    """Return where pixels are white or touch white, which resampling mixed into them."""
    white = np.pad(pictures > _SATURATED, ((0, 0), (1, 1), (1, 1)))
    rows = white[:, :-2] | white[:, 1:-1] | white[:, 2:]
    return np.asarray(rows[:, :, :-2] | rows[:, :, 1:-1] | rows[:, :, 2:], np.bool_)


def _grid() -> Floats:
    """Return where the pixels of a row lie, from -0.5 to 0.5."""
    return np.asarray((np.arange(SIDE) + 0.5) / SIDE - 0.5, np.float32)
