"""What tells a class from the rest without a look at what the pictures show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.check.finding import Evidence, Finding, chosen
from tellapart.data.samples import Indices

LEAST_PICTURES = 10
"""Nothing is said of a class, or of the rest, with fewer pictures."""

LEAST_DIFFERENCE = 0.5
"""How far apart the shares of a value in a class and in the rest may not lie."""

_MOST_VALUES = 200


@dataclass(frozen=True)
class _Shortcut:
    """Is a value that a class has much more, or much less often than the rest."""

    target: int
    value: int
    within: float
    elsewhere: float

    @property
    def difference(self) -> float:
        return abs(self.within - self.elsewhere)


def find_shortcuts(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether a class differs from the rest in size, format, camera or colours.

    A network learns what is easiest. Where all pictures of one class come from another
    camera, that is easier than what they show, and fails on the first new picture.
    """
    facts = evidence.survey.facts
    sizes = np.char.add(np.char.add(facts.widths.astype(str), "×"), facts.heights.astype(str))
    properties = {
        "size": sizes,
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
        clear = max(each.within, each.elsewhere) >= 0.9 and min(each.within, each.elsewhere) <= 0.1
        findings.append(
            Finding(
                check="shortcuts",
                severity="problem" if clear else "warning",
                message=f"The {title} gives the class {name} away: {each.within:.0%} of its "
                f"pictures have {words[each.value] or 'none'}, and {each.elsewhere:.0%} of the "
                "rest.",
                files=evidence.names(members),
                count=len(members),
                advice=f"Collect pictures of all classes with the same {title}, or bring all to "
                "one; else the network may learn that instead.",
            )
        )
    return findings


def _shortcuts(codes: Indices, targets: Indices, classes: int) -> list[_Shortcut]:
    """Return, for each class, the value whose share differs most, where that is much."""
    common = np.argsort(-np.bincount(codes), kind="stable")[:_MOST_VALUES]
    if len(common) < 2:
        return []
    table = np.stack([np.bincount(targets[codes == code], minlength=classes) for code in common])
    sizes = np.bincount(targets, minlength=classes)
    found = []
    for target in range(classes):
        inside, outside = int(sizes[target]), int(sizes.sum() - sizes[target])
        if min(inside, outside) < LEAST_PICTURES:
            continue
        within = table[:, target] / inside
        elsewhere = (table.sum(axis=1) - table[:, target]) / outside
        best = int(np.abs(within - elsewhere).argmax())
        each = _Shortcut(target, int(common[best]), float(within[best]), float(elsewhere[best]))
        if each.difference >= LEAST_DIFFERENCE:
            found.append(each)
    # Of two classes, what gives one away gives the other away as well.
    return found[:1] if np.count_nonzero(sizes) == 2 else found
