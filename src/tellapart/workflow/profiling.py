"""What a classifier's validation images are like, as the numbers that its bundle keeps."""

import numpy as np
from numpy.typing import NDArray

from tellapart.data.measures import measure_light
from tellapart.decisions import Decisions
from tellapart.images.arrays import Pixels
from tellapart.profile import Profile, Spread
from tellapart.verdicts import judge

MOST_MEASURED = 2_000
"""Pictures whose light is measured, at most: enough for a mean and a deviation."""

_PIECE = 64


def profile_answers(
    decisions: Decisions,
    probabilities: NDArray[np.float32],
    novelty: NDArray[np.float32] | None,
    pixels: Pixels,
) -> Profile:
    """Return what pictures, and the answers about them, are like.

    Args:
        decisions: The classifier's rules.
        probabilities: `(n, classes)`, as the network gives them.
        novelty: `(n,)`, or `None`.
        pixels: `(m, height, width, channels)`, uint8: some of these pictures.

    Example:
        >>> rules = Decisions(samples=2, temperature=1.0, risk=0.02, coverage=0.9, table=None,
        ...                   set_threshold=0.5, novelty=None)
        >>> found = profile_answers(rules, np.full((2, 2), 0.5, np.float32), None,
        ...                         np.full((2, 8, 8, 1), 100, np.uint8))
        >>> found.brightness.mean, found.unsure
        (100.0, 0.0)
    """
    kinds = judge(decisions, probabilities, novelty).kinds
    pieces = range(0, len(pixels), _PIECE)
    light = np.concatenate([measure_light(pixels[first : first + _PIECE]) for first in pieces])
    brightness, contrast, sharpness = (_spread(column) for column in light.T)
    return Profile(
        samples=len(kinds),
        measured=len(pixels),
        risk=decisions.risk,
        unsure=float((kinds == "unsure").mean()),
        unknown=float((kinds == "unknown").mean()),
        brightness=brightness,
        contrast=contrast,
        sharpness=sharpness,
        novelty=None if novelty is None else _spread(novelty),
    )


def _spread(numbers: NDArray[np.float32]) -> Spread:
    wide = numbers.astype(np.float64)
    return Spread(mean=float(wide.mean()), deviation=float(wide.std()))
