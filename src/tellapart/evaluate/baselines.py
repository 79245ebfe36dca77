"""What simpler ways would have scored, so that a score can be judged."""

import numpy as np
from numpy.typing import NDArray

from tellapart.evaluate.intervals import accuracy_interval
from tellapart.evaluate.parts import Baseline

MOST_IMAGES = 5000
"""Training images that the nearest neighbour is looked for among; more cost and say little."""

Numbers = NDArray[np.int64]


def majority_baseline(
    train_targets: Numbers | None, targets: Numbers, groups: Numbers | None = None
) -> Baseline:
    """Return what answering the commonest class of the training samples scores.

    Args:
        train_targets: `(m,)`: the classes' numbers of the training samples, at least one;
            `None` where they are not known: the commonest scored class is taken then, than
            which no constant answer is better.
        targets: `(n,)`: those of the samples that are scored, at least one.
        groups: `(n,)`: scored samples of one number belong together.

    Example:
        >>> majority_baseline(np.array([0, 1, 1]), np.array([1, 0])).accuracy.value
        0.5
    """
    known = targets if train_targets is None else train_targets
    return Baseline(
        name="the commonest class",
        accuracy=accuracy_interval(targets == np.bincount(known).argmax(), groups),
        trained_on=0 if train_targets is None else len(train_targets),
    )


def neighbour_baseline(
    train: NDArray[np.floating],
    train_targets: Numbers,
    scored: NDArray[np.floating],
    targets: Numbers,
    groups: Numbers | None = None,
) -> Baseline:
    """Return what the class of the most similar training picture scores.

    T. M. Cover and P. E. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
    Information Theory 13 (1967), on pictures of a few pixels. A network that is hardly better
    has learned little; and where this is nearly always right, scored pictures may be copies
    of training ones.

    Args:
        train: `(m, k)`: training pictures as a few numbers each; at most `MOST_IMAGES` are
            worth their time.
        train_targets: `(m,)`: their classes' numbers.
        scored: `(n, k)`: the same of the pictures that are scored.
        targets: `(n,)`: their classes' numbers.
        groups: `(n,)`: scored samples of one number belong together.

    Example:
        >>> train, classes = np.array([[0.0], [255.0]]), np.array([0, 1])
        >>> neighbour_baseline(train, classes, np.array([[9.0]]), np.array([0])).accuracy.value
        1.0
    """
    from sklearn.neighbors import KNeighborsClassifier

    nearest = KNeighborsClassifier(n_neighbors=1, algorithm="brute").fit(train, train_targets)
    return Baseline(
        name="the nearest of some training pictures, 8 × 8 pixels each",
        accuracy=accuracy_interval(nearest.predict(scored) == targets, groups),
        trained_on=len(train_targets),
    )
