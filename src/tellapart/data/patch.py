"""Corrections of labels in a text file of their own, `labels.patch.csv`: reading and writing."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tellapart.data.csv_rows import Row, parse_csv, to_csv
from tellapart.errors import DataError, did_you_mean
from tellapart.files import sha256_hex

COLUMNS = ("image", "given", "label", "decision")

DECISIONS = ("relabel", "keep", "drop")
"""What may be decided about a picture; an empty cell decides nothing."""


@dataclass(frozen=True)
class Correction:
    """Is one row of a patch.

    Attributes:
        image: The picture's key; one of an array is its place, as `17` in the training
            images and `validation[17]` in another split.
        given: The label that it has in the data.
        label: The label that it is to have, or that is proposed.
        decision: One of `DECISIONS`, or empty.
        line: Where it stands in the file.
    """

    image: str
    given: str
    label: str
    decision: str = ""
    line: int = 0


@dataclass(frozen=True)
class LabelPatch:
    """Is a file of corrections, read.

    Attributes:
        title: What to call it in messages: its path.
        raw: Its bytes.
        rows: Its rows, each picture with each label once.
    """

    title: str
    raw: bytes
    rows: tuple[Correction, ...]

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the file, in hex."""
        return sha256_hex(self.raw)

    def place(self, row: Correction) -> str:
        """Return where a row stands, to begin a message with."""
        return f"Line {row.line} of {self.title}"


class Corrections(BaseModel):
    """Is what became of a patch's rows; each row with a decision counts once or more.

    Attributes:
        title: The file.
        digest: Its SHA-256.
        relabelled: How many pictures got another label.
        dropped: How many are left out.
        kept: How many were looked at and keep their label.
        undecided: How many rows decide nothing.
        already: How many have the new label already.
        in_test: How many were held out to test on, and keep their label for that.
        left_out: How many are in a split that the recipe does not use.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    digest: str
    relabelled: int = 0
    dropped: int = 0
    kept: int = 0
    undecided: int = 0
    already: int = 0
    in_test: int = 0
    left_out: int = 0

    def describe(self) -> str:
        """Return the counts in a sentence or two.

        Example:
            >>> Corrections(title="labels.patch.csv", digest="", relabelled=3, in_test=1).describe()
            'By labels.patch.csv 3 pictures got another label and 0 were dropped. 1 more keep \
their label, since they are test images.'
        """
        more = ""
        if self.in_test:
            more = f" {self.in_test:,} more keep their label, since they are test images."
        return (
            f"By {self.title} {self.relabelled:,} pictures got another label and "
            f"{self.dropped:,} were dropped.{more}"
        )


def read_patch(path: Path) -> LabelPatch:
    """Return the corrections in a file.

    Raises:
        DataError: It cannot be read, has other columns, or a row that says nothing sensible.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"Cannot read the corrections of labels {path}: {error.strerror}. "
            "`tellapart review DATA` writes such a file."
        ) from error
    return parse_patch(raw, str(path))


def parse_patch(raw: bytes, title: str) -> LabelPatch:
    r"""Return the corrections that a file's bytes hold.

    Names of files that are not UTF-8 come through unchanged.

    Args:
        raw: A table of text with the columns `COLUMNS` in any order; others are ignored.
        title: What to call it in messages.

    Raises:
        DataError: It has other columns, or a row that says nothing sensible.

    Example:
        >>> patch = parse_patch(b"image,given,label,decision\n17,Coat,Shirt,relabel\n", "p.csv")
        >>> patch.rows[0].label, patch.rows[0].line
        ('Shirt', 2)
    """
    text = raw.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    names, rows = parse_csv(text, title)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise DataError(
            f"{title} must have the columns {', '.join(COLUMNS)}. Received: {', '.join(names)}."
        )
    patch = LabelPatch(title, raw, tuple(_to_correction(row, names) for row in rows))
    seen: dict[tuple[str, str], Correction] = {}
    for row in patch.rows:
        check_row(patch.place(row), row)
        first = seen.setdefault((row.image, row.given), row)
        if first is not row:
            raise DataError(
                f"{patch.place(row)} must be about another picture than line {first.line}. "
                f"Received: '{row.image}' with the label '{row.given}' in both. "
                "Fix: leave one of them out."
            )
    return patch


def patch_to_csv(rows: Iterable[Correction]) -> bytes:
    r"""Return corrections as the bytes that `parse_patch` reads.

    Example:
        >>> patch_to_csv([Correction("cat/1.png", "cat", "dog")])
        b'image,given,label,decision\ncat/1.png,cat,dog,\n'
    """
    cells = ((row.image, row.given, row.label, row.decision) for row in rows)
    return to_csv((COLUMNS, *cells))


def _to_correction(row: Row, names: list[str]) -> Correction:
    cells = dict(zip(names, row.cells, strict=True))
    decision = cells["decision"].strip().lower()
    return Correction(cells["image"], cells["given"], cells["label"], decision, row.line)


def check_row(place: str, row: Correction) -> None:
    """Raise `DataError` unless a row's decision is known, and has the label that it needs.

    Args:
        place: Where it stands, to begin a message with.
        row: What it says.
    """
    if row.decision and row.decision not in DECISIONS:
        raise DataError(
            f"{place} must decide {', '.join(DECISIONS)}, or nothing. "
            f"Received: '{row.decision}'. {did_you_mean(row.decision, DECISIONS)}"
        )
    if row.decision == "relabel" and not row.label:
        raise DataError(
            f"{place} must say the new label of '{row.image}'. Received: no label. "
            "Fix: write a class into the column label."
        )
