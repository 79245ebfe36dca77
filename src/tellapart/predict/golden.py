"""The golden examples of a bundle, asked for again."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import GOLDEN_TOLERANCE, Golden
from tellapart.images.arrays import Pixels

_PIECE = 16
"""Examples in one call: a runtime need not be made ready for many."""


@dataclass(frozen=True)
class GoldenReplay:
    """What came of asking for the golden examples again.

    Attributes:
        examples: How many there are.
        largest_difference: Of any probability from what it was after training.
        same_labels: Whether each example still gets the same class.
    """

    examples: int
    largest_difference: float
    same_labels: bool

    @property
    def passed(self) -> bool:
        """Return whether the classifier answers as it did after training."""
        return self.same_labels and self.largest_difference <= GOLDEN_TOLERANCE


def replay(golden: Golden, probabilities: Callable[[Pixels], NDArray[np.float32]]) -> GoldenReplay:
    """Return how far the answers about the golden examples are from those after training.

    Args:
        golden: The examples, with their answers after training.
        probabilities: Answers pixels now.

    Example:
        >>> golden = Golden(np.zeros((1, 2, 2, 1), np.uint8), np.array([[0.75, 0.25]], np.float32))
        >>> replay(golden, lambda pixels: np.array([[0.5, 0.5]], np.float32))
        GoldenReplay(examples=1, largest_difference=0.25, same_labels=True)
    """
    firsts = range(0, len(golden.images), _PIECE)
    parts = [probabilities(golden.images[first : first + _PIECE]) for first in firsts]
    found = np.concatenate(parts) if parts else golden.probabilities
    difference = np.abs(found - golden.probabilities).max(initial=0.0)
    same = bool((found.argmax(axis=1) == golden.probabilities.argmax(axis=1)).all())
    return GoldenReplay(len(golden.images), float(difference), same)
