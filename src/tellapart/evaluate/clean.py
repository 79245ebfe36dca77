"""The score on test images that have no copy in training, beside the score on all."""

import numpy as np
from numpy.typing import NDArray

from tellapart.errors import DataError
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.parts import CleanScore, Interval


def leaking_samples(
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    train_groups: tuple[str, ...] | None = None,
    test_groups: tuple[str, ...] | None = None,
) -> NDArray[np.bool_]:
    """Return which test samples have a copy, or another of their group, in training.

    Args:
        train: `(n,)`: the cluster of copies that each training sample belongs to.
        test: `(k,)`: the same for the test samples, numbered alike.
        train_groups: `(n,)`: their groups, empty for one on its own; `None` where nobody
            named any.
        test_groups: `(k,)`: the same for the test samples.

    Raises:
        DataError: Groups are given, and not one for each sample.

    Example:
        >>> leaking_samples(np.array([0, 1, 2]), np.array([1, 3])).tolist()
        [True, False]
        >>> leaking_samples(np.array([0]), np.array([1, 2]), ("ann",), ("ann", "")).tolist()
        [True, False]
    """
    for numbers, groups in ((train, train_groups), (test, test_groups)):
        if groups is not None and len(groups) != len(numbers):
            raise DataError(
                f"Each sample must have one group. Received: {len(numbers):,} samples and "
                f"{len(groups):,} groups."
            )
    leaks = np.isin(test, train)
    if train_groups is not None and test_groups is not None:
        known = set(train_groups) - {""}
        leaks |= np.array([group in known for group in test_groups], np.bool_)
    return np.asarray(leaks, np.bool_)


def score_clean(right: NDArray[np.bool_], leaks: NDArray[np.bool_]) -> CleanScore:
    """Return the accuracy without the samples that leak, beside that on all.

    The two are on nested samples, so their intervals overlap by design: the difference is
    told, not tested.

    Args:
        right: `(n,)`: which samples are answered rightly.
        leaks: `(n,)`: which of them have a copy or one of their group in training.

    Raises:
        DataError: There is no sample, or the two do not have as many.

    Example:
        >>> found = score_clean(np.array([True, True, False]), np.array([True, False, False]))
        >>> found.leaking, found.clean.value
        (1, 0.5)
    """
    if right.shape != leaks.shape or right.ndim != 1 or not len(right):
        raise DataError(
            "What is right and what leaks must be known of the same samples, at least one. "
            f"Received: {right.shape} and {leaks.shape}."
        )

    def accuracy(chosen: NDArray[np.bool_]) -> Interval | None:
        return (
            wilson_interval(int(right[chosen].sum()), int(chosen.sum())) if chosen.any() else None
        )

    return CleanScore(
        samples=len(right),
        leaking=int(leaks.sum()),
        accuracy=wilson_interval(int(right.sum()), len(right)),
        clean=accuracy(~leaks),
        leaked=accuracy(leaks),
    )
