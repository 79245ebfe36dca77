"""How much of one picture is left when another, moved, stretched and relit, is taken away."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from tellapart.data.measures import SIDE, Floats, resize
from tellapart.images.arrays import Pixels

_PORTION, _STEPS = 128, 3
_PATIENCE = (np.inf, 13.0, 3.5, np.inf)
"""How many times the limit may be left after each step; of 100 cropped copies 2 leave more."""

_LARGEST = np.array([0.15, 0.15, 0.25, 0.25])
"""The largest shifts down and right, and stretches likewise, in shares of the side."""

_SATURATED = 0.99
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

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = list(pool.map(fit, range(0, len(first), _PORTION)))
    return np.concatenate([np.zeros(0, np.float32), *parts])


def _fit(moved: Floats, wanted: Floats, limit: float) -> Floats:
    """Return the share of the variance of `wanted` that slight changes of `moved` leave."""
    left = np.full(len(moved), np.inf, np.float32)
    alive = np.arange(len(moved))
    places = np.zeros((len(moved), 4), np.float32)  # shift down and right, stretch likewise
    weights = np.ones((len(moved), SIDE * SIDE), np.float32)
    for patience in _PATIENCE:
        basis = _basis(_warp(moved[alive], places[alive]))
        target = wanted[alive].reshape(len(alive), -1)
        answer = _solve(basis, target, weights[alive])
        rest = target - (answer[:, np.newaxis] @ basis)[:, 0]
        # A brightened picture ends at white: there, more than white is no difference.
        counts = ~((target > _SATURATED) & (rest < 0))
        weights[alive] = counts
        left[alive] = _share(rest * counts, target)
        gain = answer[:, :1]
        places[alive] += (answer[:, 1:5] / np.maximum(gain, 1e-3)).clip(-0.1, 0.1)
        goes_on = (left[alive] <= patience * limit) & (gain[:, 0] > 0) & _is_slight(places[alive])
        left[alive[~goes_on]] = np.inf
        alive = alive[goes_on]
        if not len(alive):
            break
    return left


def _solve(basis: Floats, target: Floats, weights: Floats) -> Floats:
    """Return the `(k, 7)` factors by which the basis comes nearest to the target."""
    weighted = basis * weights[:, np.newaxis]
    gram = weighted @ basis.transpose(0, 2, 1)
    gram += np.eye(_TERMS, dtype=np.float32) * (1e-6 * gram.max(axis=(1, 2), keepdims=True) + 1e-9)
    found: Floats = np.linalg.solve(gram, weighted @ target[:, :, np.newaxis])[:, :, 0]
    return found


def _share(rest: Floats, target: Floats) -> Floats:
    """Return the energy of the smoothed rest over that of the target around its mean."""
    smooth = resize(rest.reshape(-1, SIDE, SIDE), SIDE // 2, SIDE // 2)
    energy = 4 * (smooth**2).sum(axis=(1, 2))
    return np.asarray(energy / np.maximum(SIDE * SIDE * target.var(axis=1), 1e-6), np.float32)


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


def _basis(pictures: Floats) -> Floats:
    """Return `(k, 7, pixels)`: what a slight change adds to each picture.

    The picture itself for its gain, its slopes for shifts, slopes times place for
    stretches, its Laplacian for sharpness, and a constant.
    """
    basis = np.empty((len(pictures), _TERMS, SIDE, SIDE), np.float32)
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    above, below = wide[:, :-2, 1:-1], wide[:, 2:, 1:-1]
    before, behind = wide[:, 1:-1, :-2], wide[:, 1:-1, 2:]
    basis[:, 0] = pictures
    basis[:, 1] = (below - above) * (SIDE / 2)
    basis[:, 2] = (behind - before) * (SIDE / 2)
    basis[:, 3] = basis[:, 1] * _grid()[:, np.newaxis]
    basis[:, 4] = basis[:, 2] * _grid()
    basis[:, 5] = above + below + before + behind - 4 * pictures
    basis[:, 6] = 1
    return basis.reshape(len(pictures), _TERMS, -1)


def _grid() -> Floats:
    """Return where the pixels of a row lie, from -0.5 to 0.5."""
    return np.asarray((np.arange(SIDE) + 0.5) / SIDE - 0.5, np.float32)
