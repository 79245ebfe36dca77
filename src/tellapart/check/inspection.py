"""The record of a look at a data set: what is there, what became of each file, what is wrong."""

from collections import Counter
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from tellapart.check.finding import Finding, PlainText
from tellapart.data.ledger import Ledger
from tellapart.data.survey import Facts

MOST_VALUES = 8
"""So many sizes, modes and kinds are listed, the most frequent first."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SplitSummary(_Record):
    """Is what one split consists of."""

    images: int
    shape: tuple[int, ...] | None
    dtype: str
    classes: dict[PlainText, int]


class FileEntry(_Record):
    """Is what became of one file that was not simply used."""

    file: PlainText
    status: str
    reason: str
    detail: PlainText


class Account(_Record):
    """Is the ledger: every file on disk, used, repaired, skipped or refused.

    Attributes:
        files: How many there are.
        counts: How many have each status; together, all of them.
        reasons: How many were repaired, skipped or refused for each reason.
        exceptions: All files but those that are used as they are.
    """

    files: int
    counts: dict[str, int]
    reasons: dict[str, int]
    exceptions: tuple[FileEntry, ...]


class Tally(_Record):
    """Is how many pictures have one value of a property, such as a size."""

    what: str
    value: PlainText
    images: int


class Inspection(_Record):
    """Is what `inspect` found.

    Attributes:
        name: The data set.
        origin: Where it came from.
        class_names: All classes, in order.
        splits: What each split consists of.
        remarks: What was left alone, and other things to know.
        picture: Where the grid of pictures was written.
        account: What became of each file; `None` where no picture was looked at.
        tallies: Sizes, modes and kinds of the pictures, the most frequent of each.
        findings: What the checks found, worst first; `None` where they were not run.
        report: Where the page was written.
    """

    name: PlainText
    origin: PlainText
    class_names: tuple[PlainText, ...]
    splits: dict[str, SplitSummary]
    remarks: tuple[PlainText, ...] = ()
    picture: PlainText | None = None
    account: Account | None = None
    tallies: tuple[Tally, ...] = ()
    findings: tuple[Finding, ...] | None = None
    report: str | None = None


def account_of(ledger: Ledger) -> Account:
    """Return a ledger as a record."""
    return Account(
        files=len(ledger.entries),
        counts=ledger.counts,
        reasons=ledger.reasons,
        exceptions=tuple(
            FileEntry(file=e.file, status=e.status, reason=e.reason, detail=e.detail)
            for e in ledger.exceptions
        ),
    )


def passing_over(account: Account) -> Account:
    """Return an account in which what was refused is skipped, as it is where nobody is strict."""
    counts = dict(account.counts)
    counts["skipped"] = counts.get("skipped", 0) + counts.get("refused", 0)
    counts["refused"] = 0
    exceptions = tuple(
        entry.model_copy(update={"status": "skipped"}) if entry.status == "refused" else entry
        for entry in account.exceptions
    )
    return account.model_copy(update={"counts": counts, "exceptions": exceptions})


def tally(facts: Facts) -> tuple[Tally, ...]:
    """Return how many pictures have which size, mode, kind of file and camera."""
    sizes = [f"{w}×{h}" for w, h in zip(facts.widths, facts.heights, strict=True)]
    return (
        *_most_frequent("size", sizes),
        *_most_frequent("mode", facts.modes.tolist()),
        *_most_frequent("kind", facts.formats.tolist()),
        *_most_frequent("camera", facts.cameras.tolist()),
    )


def _most_frequent(what: str, values: Iterable[str]) -> list[Tally]:
    counts = Counter(value for value in values if value).most_common(MOST_VALUES)
    return [Tally(what=what, value=value, images=number) for value, number in counts]
