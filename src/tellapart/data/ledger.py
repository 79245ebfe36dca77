"""The ledger: what became of every single file, each with its reason."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np

from tellapart.data.samples import Indices, Samples
from tellapart.errors import ImageError

Status = Literal["used", "repaired", "skipped", "refused"]

STATUSES: tuple[Status, ...] = get_args(Status)


class Entry(NamedTuple):
    """Is what became of one file.

    Attributes:
        file: Its path, or the place of a picture within a file.
        status: "used" as it is, "repaired" and used, "skipped", or "refused" where
            nothing may be skipped.
        reason: A short code such as `"hidden"`, stable enough to count by; empty for
            what is used as it is.
        detail: What was found, in words.
    """

    file: str
    status: Status
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Ledger:
    """Is what became of every file of a data set.

    Attributes:
        entries: One for each file, in the order of the splits, then what no split has.
        images: How many pictures are used, by split and class name.
    """

    entries: tuple[Entry, ...]
    images: Mapping[str, Mapping[str, int]]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Return how many files have each status; together, all of them."""
        found = Counter(entry.status for entry in self.entries)
        return {status: found[status] for status in STATUSES}

    @cached_property
    def reasons(self) -> dict[str, int]:
        """Return how many files were repaired, skipped or refused for each reason."""
        return dict(sorted(Counter(entry.reason for entry in self.exceptions).items()))

    @property
    def exceptions(self) -> tuple[Entry, ...]:
        """Return the entries of all files but those that are used as they are."""
        return tuple(entry for entry in self.entries if entry.status != "used")

    def to_json(self) -> str:
        """Return counts, reasons, pictures by split and class, and all entries, as JSON."""
        record = {
            "files": len(self.entries),
            "counts": self.counts,
            "reasons": self.reasons,
            "images": {split: dict(classes) for split, classes in self.images.items()},
            "entries": [entry._asdict() for entry in self.entries],
        }
        return json.dumps(record, indent=2, ensure_ascii=False)


class Outcome(Protocol):
    """Is what decoding the pictures of a split came to."""

    @property
    def kept(self) -> Indices:
        """Return the positions of those that could be read."""

    @property
    def failures(self) -> tuple[ImageError, ...]:
        """Return one error for each that could not be read."""

    @property
    def repaired(self) -> Mapping[int, tuple[str, ...]]:
        """Return what was repaired in which picture."""


def ledger_of(
    splits: Mapping[str, Samples],
    parts: Mapping[str, tuple[Samples, Outcome]],
    unused: tuple[Entry, ...] = (),
    *,
    strict: bool = False,
) -> Ledger:
    """Return what became of every file.

    Args:
        splits: The data set's own splits; one that `parts` has no part of was left out.
        parts: The splits of the run, and what decoding them came to.
        unused: What the source left alone.
        strict: Whether unreadable pictures are refused instead of skipped.
    """
    entries: list[Entry] = []
    for samples, decoded in parts.values():
        entries += _entries_of(samples, decoded, "refused" if strict else "skipped")
    for name, samples in splits.items():
        if name not in parts:
            detail = f"the recipe uses no {name} split of the data set's own."
            names = (samples.images.name(index) for index in range(len(samples)))
            entries += [Entry(file, "skipped", "split-left-out", detail) for file in names]
    images = {name: samples.take(decoded.kept).counts for name, (samples, decoded) in parts.items()}
    return Ledger((*entries, *unused), images)


def _entries_of(samples: Samples, decoded: Outcome, otherwise: Status) -> list[Entry]:
    """Return one entry for each picture of a split, in its order."""
    entries = [Entry(samples.images.name(index), "used") for index in range(len(samples))]
    lost = np.setdiff1d(np.arange(len(samples)), decoded.kept)
    for index, error in zip(lost.tolist(), decoded.failures, strict=True):
        entries[index] = Entry(entries[index].file, otherwise, error.reason, error.detail)
    for index, made in decoded.repaired.items():
        entries[index] = Entry(entries[index].file, "repaired", made[0], "; ".join(made))
    return entries
