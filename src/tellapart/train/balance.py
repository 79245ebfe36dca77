"""Weights of samples, for classes of unequal size."""

import numpy as np

from tellapart.data.prepare import Part
from tellapart.train.engines.protocol import Weights


def balance(part: Part) -> Weights:
    """Return a weight for each sample, so that every class weighs the same in the loss."""
    counts = np.bincount(part.targets)
    present = np.count_nonzero(counts)
    weights = len(part) / (present * np.maximum(counts, 1))
    return np.asarray(weights[part.targets], np.float32)
