"""What tells a class from the rest without a look at what the pictures show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.check.finding import Evidence, Finding, chosen
from tellapart.data.samples import Indices
from tellapart.evaluate.association import measure_association

LEAST_PICTURES = 10
"""Nothing is said of a class, or of the rest, with fewer pictures."""

LEAST_STRENGTH = 0.3
"""Cramér's V from which an association counts; J. Cohen (1988) calls 0.3 medium, 0.5 large."""

LEAST_CLEAR = 0.8
"""From this strength on, the property alone nearly tells the class."""

SIGNIFICANCE = 0.01
"""Chance may make one finding in a hundred data sets, over all classes and properties."""

_MOST_VALUES, _PROPERTIES = 200, 4


@dataclass(frozen=True)
class _Shortcut:
    """Is a property that tells a class from the rest, and the value that does so most."""

    target: int
    value: int
    within: float
    elsewhere: float
    strength: float


def find_shortcuts(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether a class differs from the rest in size, format, camera or colours.

    A network learns what is easiest. Where all pictures of one class come from another
    camera, that is easier than what they show, and fails on the first new picture. What
    counts is how strongly class and property hang together, beyond what chance would do.
    """
    facts = evidence.survey.facts
    properties = {
        "size": _sizes(facts.widths, facts.heights),
        "format": facts.formats,
        "camera": facts.cameras,
        "colour mode": facts.modes,
    }
    return tuple(
        finding
        for title, values in properties.items()
        for finding in _compare(evidence, title, values)
    )


def _compare(evidence: Evidence, title: str, values: NDArray[np.str_]) -> list[Finding]:
    """Return the findings on one property."""
    words, codes = np.unique(values, return_inverse=True)
    found = _shortcuts(codes, evidence.survey.targets, len(evidence.survey.class_names))
    findings = []
    for each in found:
        name = evidence.survey.class_names[each.target]
        members = chosen((evidence.survey.targets == each.target) & (codes == each.value))
        if each.within < each.elsewhere:
            members = chosen((evidence.survey.targets == each.target) & (codes != each.value))
        findings.append(
            Finding(
                check="shortcuts",
                severity="problem" if each.strength >= LEAST_CLEAR else "warning",
                message=f"The {title} gives the class {name} away: {each.within:.0%} of its "
                f"pictures have {words[each.value] or 'none'}, and {each.elsewhere:.0%} of the "
                f"rest (Cramér's V {each.strength:.2f}, beyond chance).",
                files=evidence.names(members),
                count=len(members),
                advice=f"Collect pictures of all classes with the same {title}, or bring all to "
                "one; else the network may learn that instead.",
            )
        )
    return findings


def _sizes(widths: Indices, heights: Indices) -> NDArray[np.str_]:
    """Return each picture's size in words; where most differ, about how many pixels it has."""
    sizes = np.char.add(np.char.add(widths.astype(str), "×"), heights.astype(str))
    counts = np.sort(np.unique(sizes, return_counts=True)[1])
    if 2 * counts[-_MOST_VALUES:].sum() >= len(sizes) and 4 * len(counts) <= len(sizes):
        return sizes
    bands = 2 ** np.rint(np.log2(widths * heights)).astype(np.int64)
    return np.char.add(np.char.add("about ", bands.astype(str)), " pixels")


def _shortcuts(codes: Indices, targets: Indices, classes: int) -> list[_Shortcut]:
    """Return the classes that a property gives away, and the value that differs most."""
    common = np.argsort(-np.bincount(codes), kind="stable")[:_MOST_VALUES]
    if len(common) < 2:
        return []
    table = np.stack([np.bincount(targets[codes == code], minlength=classes) for code in common])
    sizes = np.bincount(targets, minlength=classes)
    rare = sizes - table.sum(axis=0)
    found = []
    for target in range(classes):
        inside, outside = int(sizes[target]), int(sizes.sum() - sizes[target])
        if min(inside, outside) < LEAST_PICTURES:
            continue
        has = np.append(table[:, target], rare[target])
        others = np.append(table.sum(axis=1), rare.sum()) - has
        strength, p_value = measure_association(np.stack([has, others]))
        if strength < LEAST_STRENGTH or p_value >= SIGNIFICANCE / (_PROPERTIES * classes):
            continue
        within, elsewhere = has[:-1] / inside, others[:-1] / outside
        best = int(np.abs(within - elsewhere).argmax())
        found.append(
            _Shortcut(
                target, int(common[best]), float(within[best]), float(elsewhere[best]), strength
            )
        )
    # Of two classes, what gives one away gives the other away as well.
    return found[:1] if np.count_nonzero(sizes) == 2 else found
