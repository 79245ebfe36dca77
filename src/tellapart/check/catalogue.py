"""All checks by name, and the one call that runs them."""

from collections.abc import Mapping
from types import MappingProxyType

from tellapart.check.classes import find_imbalance, find_small_classes
from tellapart.check.copies import (
    find_exact_duplicates,
    find_leaks,
    find_near_duplicates,
    find_two_labels,
)
from tellapart.check.finding import Check, Evidence, Finding, worst_first
from tellapart.check.quality import (
    find_blank,
    find_blurred,
    find_dark,
    find_odd_aspect,
    find_tiny,
    find_unreadable,
)
from tellapart.check.shortcuts import find_shortcuts
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import find_duplicates
from tellapart.data.survey import survey_dataset
from tellapart.progress import SILENCE, Progress

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "exact-duplicates": find_exact_duplicates,
        "near-duplicates": find_near_duplicates,
        "two-labels": find_two_labels,
        "leaks": find_leaks,
        "small-classes": find_small_classes,
        "imbalance": find_imbalance,
        "unreadable": find_unreadable,
        "blank": find_blank,
        "dark": find_dark,
        "blurred": find_blurred,
        "tiny": find_tiny,
        "odd-aspect": find_odd_aspect,
        "shortcuts": find_shortcuts,
    }
)
"""Each takes the evidence and returns what it finds, which may be nothing."""


def run_checks(dataset: Dataset, *, progress: Progress = SILENCE) -> tuple[Finding, ...]:
    """Return what all checks find wrong with a data set, worst first.

    Args:
        dataset: All of its splits are looked at; nothing is changed.
        progress: Where long work shows itself.

    Example:
        >>> import numpy as np
        >>> from tellapart.data.arrays import from_arrays
        >>> noise = np.random.default_rng(0).integers(0, 256, (200, 16, 16), np.uint8)
        >>> noise[7] = noise[6]
        >>> data = from_arrays({"train": (noise, np.arange(200) % 2)})
        >>> [finding.check for finding in run_checks(data)]
        ['two-labels', 'exact-duplicates']
    """
    return weigh(gather_evidence(dataset, progress))


def weigh(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what all checks find in the evidence, worst first."""
    return worst_first(finding for check in CHECKS.values() for finding in check(evidence))


def gather_evidence(dataset: Dataset, progress: Progress = SILENCE) -> Evidence:
    """Return what all checks look at, in one pass over the pictures."""
    survey = survey_dataset(dataset, progress)
    return Evidence(survey, find_duplicates(survey.facts.measures, progress))
