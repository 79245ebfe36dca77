"""The golden examples asked for again: does a classifier answer as it did after training?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import GOLDEN_TOLERANCE, Golden


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


def compare_golden(found: NDArray[np.float32], golden: Golden) -> GoldenReplay:
    """Return how answers about the golden examples compare with those after training.

    Args:
        found: `(n, classes)`: what is said of them now.
        golden: What was said of them then.
    """
    difference = np.abs(found - golden.probabilities).max(initial=0.0)
    same = bool((found.argmax(axis=1) == golden.probabilities.argmax(axis=1)).all())
    return GoldenReplay(len(golden.images), float(difference), same)
