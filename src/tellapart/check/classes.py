"""Classes that are too small to be measured, or much larger than others."""

import numpy as np

from tellapart.check.finding import Evidence, Finding
from tellapart.evaluate.intervals import wilson_interval
from tellapart.sections import DataSection

LEAST_TESTED = 20
"""With fewer test pictures a class's score is known to ±20 points at best."""

LARGEST_RATIO = 5.0
"""A class with so many times the pictures of another outweighs it in training."""


def find_small_classes(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether classes have too few test pictures for a score of their own.

    Where the data have no test split, the part that will be held out counts.
    """
    survey = evidence.survey
    counts = _counts(evidence, "test")
    where = "in the test split"
    if "test" not in survey.split_names:
        share = DataSection().test_fraction
        there = _counts(evidence, "train")
        counts = np.minimum(np.maximum(np.rint(share * there), 1), there).astype(np.int64)
        where = f"to test on, when {share:.0%} are held out"
    small = np.flatnonzero(counts < LEAST_TESTED)
    if not len(small):
        return ()
    least = int(counts[small].min())
    listed = ", ".join(f"{survey.class_names[i]} ({counts[i]:,})" for i in small[:20])
    how_far = "nothing is known of its score"
    if least:
        interval = wilson_interval(least // 2, least)
        how_far = f"the interval of its score is {interval.high - interval.low:.0%} wide"
    return (
        Finding(
            check="small-classes",
            severity="warning" if least else "problem",
            message=f"Classes with fewer than {LEAST_TESTED} pictures {where}: {len(small):,} "
            f"({listed}{', …' if len(small) > 20 else ''}). With {least}, {how_far}.",
            count=int(counts[small].sum()),
            advice="Add pictures of these classes, join classes, or do not quote their scores.",
        ),
    )


def find_imbalance(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether the largest class to train on is many times the smallest."""
    counts = _counts(evidence, "train")
    most, least = int(counts.argmax()), int(counts.argmin())
    if not counts[most] or counts[most] < LARGEST_RATIO * counts[least]:
        return ()
    names = evidence.survey.class_names
    return (
        Finding(
            check="imbalance",
            severity="warning" if counts[least] else "problem",
            message=f"Classes must not differ much in size. Received: {counts[most]:,} pictures "
            f"of {names[most]} to train on, and {counts[least]:,} of {names[least]}.",
            count=int(counts[least]),
            advice="Add pictures of the small classes, or --set fit.class_weights=balanced.",
        ),
    )


def _counts(evidence: Evidence, split: str) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return how many readable pictures each class has in one split."""
    survey = evidence.survey
    where = np.zeros(len(survey), np.bool_)
    if split in survey.split_names:
        where = survey.splits == survey.split_names.index(split)
    return np.bincount(survey.targets[where], minlength=len(survey.class_names))
