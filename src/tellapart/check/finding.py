"""What a check says, and what it is told: findings and the evidence for them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict

from tellapart.data.duplicates import Duplicates
from tellapart.data.samples import Indices
from tellapart.data.streams import plain_name
from tellapart.data.survey import Survey

PlainText = Annotated[str, AfterValidator(plain_name)]
"""Text that can be written, whatever bytes the names of files in it have."""

Severity = Literal["problem", "warning", "remark"]

SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "remark")
"""Worst first."""

MOST_FILES = 200
"""A finding names this many files at most."""


class Finding(BaseModel):
    """Is one thing that a check says about the data.

    Attributes:
        check: The check's name in `CHECKS`.
        severity: A "problem" makes scores wrong, a "warning" may, a "remark" is to know.
        message: What was found, in a sentence.
        files: The pictures that it is about, by name; not all where they are many.
        count: How many pictures it is about.
        advice: What to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    severity: Severity
    message: PlainText
    files: tuple[PlainText, ...] = ()
    count: int = 0
    advice: str


@dataclass(frozen=True, eq=False)
class Evidence:
    """Is all that checks look at.

    Attributes:
        survey: The facts about every picture.
        duplicates: Which of them are the same.
    """

    survey: Survey
    duplicates: Duplicates

    def names(self, chosen: Indices) -> tuple[str, ...]:
        """Return the names of some pictures, the first `MOST_FILES` of them."""
        return tuple(self.survey.names[i] for i in chosen[:MOST_FILES])


Check = Callable[[Evidence], tuple[Finding, ...]]


def chosen(mask: NDArray[np.bool_]) -> Indices:
    """Return the positions where `mask` is true."""
    return np.asarray(np.flatnonzero(mask), np.int64)


def pictures(count: int) -> str:
    """Return `1 picture is` or `1,234 pictures are`, to begin a message."""
    return "1 picture is" if count == 1 else f"{count:,} pictures are"


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, and those of more pictures first."""
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -f.count)))
