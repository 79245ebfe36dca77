"""Sets of classes that hold the true one as often as is promised."""

import math

import numpy as np
from numpy.typing import NDArray


def set_threshold(true_probabilities: NDArray[np.floating], coverage: float) -> float:
    """Return the least probability of a class in a set, so that sets hold the true class.

    Split conformal prediction with the score 1 − p(true class) (least ambiguous sets: M.
    Sadinle, J. Lei and L. Wasserman, 2019), at the quantile ⌈(n+1)·coverage⌉ of n (A.
    Angelopoulos and S. Bates, "A gentle introduction to conformal prediction", 2021, 1). Sets
    of new samples of the same kind hold the true class with at least that probability.

    Args:
        true_probabilities: `(n,)`: what each true class got, on samples not trained on.
        coverage: Between 0 and 1.

    Returns:
        From 0 to 1; 0, so that a set holds every class, where n is too small for a promise.

    Example:
        >>> set_threshold(np.arange(1, 20) / 20, 0.9)
        0.1
    """
    count = len(true_probabilities)
    rank = math.ceil(round((count + 1) * coverage, 9))
    if rank > count:
        return 0.0
    return float(np.sort(true_probabilities)[count - rank])
