"""Pictures that show nothing, or not enough: unreadable, blank, dark, blurred, tiny, odd."""

import numpy as np
from numpy.typing import NDArray

from tellapart.check.finding import (
    MOST_FILES,
    Evidence,
    Finding,
    Severity,
    chosen,
    pictures,
)

BLANK_CONTRAST = 2.0
"""A picture whose grey levels deviate less from their mean shows nothing."""

DARK_LEVEL = 30
"""A picture of which 95% lie below this grey level is dark."""

BLURRED_SHARE = 1 / 8
"""A picture with less than this share of the usual sharpness is blurred."""

TINY_SIDE, TINY_SHARE = 16, 1 / 4
"""A side of fewer pixels is tiny, or one below this share of the usual."""

ODD_ASPECT = 3.0
"""A picture is odd if it is so many times wider or higher than is usual."""


def find_unreadable(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether files could not be turned into pixels."""
    errors = evidence.survey.facts.failures
    if not errors:
        return ()
    reasons = ", ".join(sorted({error.reason for error in errors}))
    return (
        Finding(
            check="unreadable",
            severity="problem",
            message=f"{pictures(len(errors))} unreadable ({reasons}).",
            files=tuple(error.name for error in errors[:MOST_FILES]),
            count=len(errors),
            advice="Replace these files, or move them out of the data.",
        ),
    )


def find_blank(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures have one grey level only, or nearly."""
    return _finding(
        evidence,
        _is_blank(evidence),
        ("blank", "problem", "blank: hardly anything but one grey level"),
        "Leave them out, or replace them.",
    )


def find_dark(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures are so dark that little can be seen."""
    thumbnails = evidence.survey.facts.measures.thumbnails
    share = (thumbnails < DARK_LEVEL).mean(axis=(1, 2))
    return _finding(
        evidence,
        (share >= 0.95) & ~_is_blank(evidence),
        ("dark", "warning", f"dark: 95% of each lies below grey level {DARK_LEVEL} of 255"),
        "Look at them; brighten them, or leave out what nobody could name.",
    )


def find_blurred(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures are much less sharp than is usual in these data."""
    sharpness = evidence.survey.facts.measures.sharpness
    seen = ~_is_blank(evidence)
    usual = float(np.median(sharpness[seen])) if seen.any() else 0.0
    return _finding(
        evidence,
        seen & (sharpness < BLURRED_SHARE * usual),
        ("blurred", "warning", "blurred: less than an eighth as sharp as is usual here"),
        "Look at them; leave out what nobody could name.",
    )


def find_tiny(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures have so few pixels that detail is lost."""
    facts = evidence.survey.facts
    short = np.minimum(facts.widths, facts.heights)
    usual = float(np.median(short)) if len(short) else 0.0
    return _finding(
        evidence,
        (short < TINY_SIDE) | (short < TINY_SHARE * usual),
        ("tiny", "warning", f"tiny; the usual short side is {usual:.0f} pixels"),
        "Find them in their original size, or leave them out.",
    )


def find_odd_aspect(evidence: Evidence) -> tuple[Finding, ...]:
    """Return whether pictures are much wider or higher than is usual in these data."""
    facts = evidence.survey.facts
    aspect = np.log(facts.widths / facts.heights)
    usual = np.median(aspect) if len(aspect) else 0.0
    return _finding(
        evidence,
        np.abs(aspect - usual) >= np.log(ODD_ASPECT),
        ("odd-aspect", "warning", f"{ODD_ASPECT:.0f} times wider or higher than is usual here"),
        "Crop them to what the label names, or set image.fit to pad.",
    )


def _is_blank(evidence: Evidence) -> NDArray[np.bool_]:
    return np.asarray(evidence.survey.facts.measures.contrast < BLANK_CONTRAST, np.bool_)


def _finding(
    evidence: Evidence,
    mask: NDArray[np.bool_],
    said: tuple[str, Severity, str],
    advice: str,
) -> tuple[Finding, ...]:
    """Return one finding about the pictures where `mask` is true, or none."""
    members = chosen(mask)
    check, severity, what = said
    if not len(members):
        return ()
    return (
        Finding(
            check=check,
            severity=severity,
            message=f"{pictures(len(members))} {what}.",
            files=evidence.names(members),
            count=len(members),
            advice=advice,
        ),
    )
