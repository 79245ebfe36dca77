"""Pictures that are there more than once, under two labels, or in two splits."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tellapart.check.finding import Evidence, Finding, Severity, chosen, pictures
from tellapart.data.samples import Indices


def find_exact_duplicates(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures have equal pixels, whatever their files' bytes."""
    clusters = evidence.duplicates.exact
    return _repeated(
        evidence,
        (clusters, np.arange(len(clusters))),
        ("exact-duplicates", "there more than once, with the same pixels"),
        "Keep one of each, or keep all copies in one split.",
    )


def find_near_duplicates(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures are the same but for encoding, size, light, mirroring or a crop."""
    return _repeated(
        evidence,
        (evidence.duplicates.near, evidence.duplicates.exact),
        (
            "near-duplicates",
            "nearly the same as others (encoded, resized, mirrored, cropped or lit otherwise)",
        ),
        "Look at them; keep one of each, or keep all of a cluster in one split.",
    )


def find_two_labels(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether one picture, or one that is nearly it, lies in two classes."""
    return _crossing(
        evidence,
        evidence.survey.targets,
        ("two-labels", "in more than one class"),
        "Look at them and give each picture the one label that is right, or leave it out.",
    )


def find_leaks(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether one picture, or one that is nearly it, lies in two splits."""
    return _crossing(
        evidence,
        evidence.survey.splits,
        ("leaks", "in more than one split"),
        "Move each cluster of copies into one split; until then the score on the test images "
        "is too good.",
    )


def in_clusters(clusters: Indices, wanted: NDArray[np.bool_]) -> Indices:
    """Return the members of the wanted clusters, cluster by cluster."""
    members = chosen(wanted[clusters])
    return members[np.argsort(clusters[members], kind="stable")]


def _repeated(
    evidence: Evidence, within: tuple[Indices, Indices], said: tuple[str, str], advice: str
) -> tuple[Finding, ...]:
    """Return a finding on the clusters whose members differ in the second of `within`."""
    clusters, kinds = within
    members = in_clusters(clusters, _kinds(clusters, kinds) > 1)
    distinct = len(np.unique(clusters[members]))
    check, what = said
    what = f"{what}: {distinct:,} different ones"
    return _findings(evidence, check, (("warning", members, what),), advice)


def _crossing(
    evidence: Evidence, kinds: Indices, said: tuple[str, str], advice: str
) -> tuple[Finding, ...]:
    """Return findings on clusters whose members differ in `kinds`: by pixels, and nearly."""
    exact, near = evidence.duplicates.exact, evidence.duplicates.near
    check, where = said
    equal = in_clusters(exact, _kinds(exact, kinds) > 1)
    alike = np.setdiff1d(in_clusters(near, _kinds(near, kinds) > 1), equal)
    alike = alike[np.argsort(near[alike], kind="stable")]
    rows: tuple[tuple[Severity, Indices, str], ...] = (
        ("problem", equal, f"{where}, with the same pixels"),
        ("warning", alike, f"{where}, nearly the same, or the same"),
    )
    return _findings(evidence, check, rows, advice)


def _findings(
    evidence: Evidence, check: str, rows: Iterable[tuple[Severity, Indices, str]], advice: str
) -> tuple[Finding, ...]:
    """Return a finding for each row that has pictures."""
    return tuple(
        Finding(
            check=check,
            severity=severity,
            message=f"{pictures(len(members))} {what}.",
            files=evidence.names(members),
            count=len(members),
            advice=advice,
        )
        for severity, members, what in rows
        if len(members)
    )


def _kinds(clusters: Indices, kinds: Indices) -> Indices:
    """Return how many different `kinds` the members of each cluster have."""
    pairs = np.unique(np.stack([clusters, kinds], axis=1), axis=0)
    return np.asarray(
        np.bincount(pairs[:, 0], minlength=int(clusters.max(initial=-1)) + 1), np.int64
    )
