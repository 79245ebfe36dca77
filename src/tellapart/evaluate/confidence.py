"""How far labels can be believed: confident learning on the answers of networks."""

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import DataError

Probabilities = NDArray[np.floating]
Numbers = NDArray[np.int64]


def confident_joint(targets: Numbers, probabilities: Probabilities) -> Numbers:
    """Return how many samples of each label are confidently held to be of each class.

    A class is confidently held where its probability reaches the mean that it has among
    the samples with that label; of several such, the most probable one counts. Northcutt,
    Jiang and Chuang (2021), equations 1 and 2.

    Args:
        targets: `(n,)`: the labels, as class numbers.
        probabilities: `(n, classes)`.

    Returns:
        `(classes, classes)`: rows are labels, columns classes.

    Raises:
        DataError: The arrays do not fit each other, or hold what is no probability.

    Example:
        >>> answers = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
        >>> confident_joint(np.array([0, 0, 1, 1]), answers).tolist()
        [[1, 0], [1, 1]]
    """
    classes = probabilities.shape[-1]
    check_answers(targets, probabilities, classes)
    thresholds = np.full(classes, np.inf)  # a class without samples is never held
    for number in np.unique(targets):
        thresholds[number] = probabilities[targets == number, number].mean(dtype=np.float64)
    reached = np.where(probabilities >= thresholds, probabilities, -1.0)
    held, is_confident = reached.argmax(axis=1), (reached >= 0).any(axis=1)
    joint = np.zeros((classes, classes), np.int64)
    np.add.at(joint, (targets[is_confident], held[is_confident]), 1)
    return joint


def label_scores(targets: Numbers, probabilities: Probabilities) -> NDArray[np.float64]:
    """Return the quality of each label, 0–1: the probability that the network gives it.

    Called self-confidence in Northcutt, Jiang and Chuang (2021). For labels that were
    changed without looking at the picture no other order is better, if the probabilities
    are right; `benchmarks/wrong_labels.py` compares it with the margin and others.

    Args:
        targets: `(n,)`: the labels, as class numbers.
        probabilities: `(n, classes)`.

    Raises:
        DataError: The arrays do not fit each other, or hold what is no probability.

    Example:
        >>> label_scores(np.array([0, 1]), np.array([[0.75, 0.25], [0.75, 0.25]])).tolist()
        [0.75, 0.25]
    """
    check_answers(targets, probabilities, probabilities.shape[-1])
    return np.asarray(probabilities[np.arange(len(targets)), targets], np.float64)


def propose(targets: Numbers, probabilities: Probabilities) -> Numbers:
    """Return, for each sample, the most probable class besides its label.

    Args:
        targets: `(n,)`: the labels, as class numbers.
        probabilities: `(n, classes)`, at least two classes.

    Raises:
        DataError: The arrays do not fit each other, or hold what is no probability.

    Example:
        >>> propose(np.array([0, 1]), np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]])).tolist()
        [1, 0]
    """
    check_answers(targets, probabilities, probabilities.shape[-1])
    others = np.array(probabilities, np.float64)
    others[np.arange(len(targets)), targets] = -1.0
    return np.asarray(others.argmax(axis=1), np.int64)


def check_answers(targets: Numbers, probabilities: Probabilities, classes: int) -> None:
    """Raise `DataError` unless there is a row of probabilities for each label.

    Args:
        targets: `(n,)`: the labels, as class numbers.
        probabilities: `(n, classes)`, 0–1.
        classes: How many there are.

    Raises:
        DataError: The arrays do not fit each other, or hold what is no probability.

    Example:
        >>> check_answers(np.array([0, 1]), np.array([[0.75, 0.25], [0.75, 0.25]]), 2)
    """
    if probabilities.shape != (len(targets), classes) or classes < 2 or not len(targets):
        raise DataError(
            "There must be a row of probabilities for each label, one for each class. Received: "
            f"{probabilities.shape} for {targets.shape} labels and {classes} classes."
        )
    if targets.min() < 0 or targets.max() >= classes:
        raise DataError(
            f"Each label must be from 0 to {classes - 1}. "
            f"Received: {targets.min()} to {targets.max()}."
        )
    low, high = float(probabilities.min()), float(probabilities.max())
    if not (low >= 0 and high <= 1 + 1e-6):  # NaN is neither
        raise DataError(f"Probabilities must be from 0 to 1. Received: {low:g} to {high:g}.")
