"""Applying corrections of labels to the samples that are trained on and validated, in memory."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tellapart.data.dataset import Dataset
from tellapart.data.ledger import Entry
from tellapart.data.patch import Correction, Corrections, LabelPatch
from tellapart.data.samples import Samples
from tellapart.errors import DataError, did_you_mean


@dataclass(frozen=True, eq=False)
class Corrected:
    """Is some splits with their labels corrected.

    Attributes:
        splits: The samples by split.
        dropped: An entry for the ledger for each picture that was dropped.
        record: What became of the patch's rows.
    """

    splits: dict[str, Samples]
    dropped: tuple[Entry, ...]
    record: Corrections


def correct_labels(data: Dataset, patch: LabelPatch) -> tuple[Dataset, Corrections]:
    """Return a data set whose labels are corrected; its test split must not be named.

    Args:
        data: It stays as it is.
        patch: The corrections.

    Raises:
        DataError: A row names an unknown picture, an unknown class, another label than the
            picture has, or a test picture.
    """
    found = correct_splits(data, data.splits, patch)
    unused = (*data.unused, *found.dropped)
    return replace(data, splits=found.splits, unused=unused), found.record


def correct_splits(data: Dataset, parts: Mapping[str, Samples], patch: LabelPatch) -> Corrected:
    """Return the parts of a data set with their labels corrected, all but the test part.

    Pictures that were held out of the training images to test on keep the label that they
    have, and are counted. Applied twice, a change of label is the same as once.

    Args:
        data: Where the parts come from.
        parts: The samples to train on, to validate and to test on. They stay as they are.
        patch: The corrections.

    Raises:
        DataError: A row names an unknown picture, an unknown class, another label than the
            picture has, or a picture of the data set's own test split.
    """
    work = _Work(data, parts, patch)
    for split, samples in parts.items():
        work.look_at(split, samples)
    work.check_all_found()
    return Corrected(
        {split: work.correct(split, samples) for split, samples in parts.items()},
        tuple(work.dropped),
        Corrections(
            title=patch.title,
            digest=patch.digest,
            undecided=sum(not row.decision for row in patch.rows),
            **work.counts,
        ),
    )


def addresses(samples: Samples, origin: str) -> Iterator[str]:
    """Yield what a patch calls each sample.

    Args:
        samples: Some samples.
        origin: The data set's own split that they were taken from.
    """
    inside = samples.images.keys_are_positions and origin != "train"
    for key in samples.keys:
        yield f"{origin}[{key}]" if inside else key


@dataclass(eq=False)
class _Work:
    """Is a patch on its way to the samples."""

    data: Dataset
    parts: Mapping[str, Samples]
    patch: LabelPatch
    dropped: list[Entry] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    found: dict[str, dict[int, list[Correction]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows: dict[str, list[Correction]] = {}
        for row in self.patch.rows:
            self._check_classes(row)
            if row.decision:
                self.rows.setdefault(row.image, []).append(row)

    def look_at(self, split: str, samples: Samples) -> None:
        """Find which samples of a split the patch has rows about."""
        origin = split if split in self.data.splits else "train"
        named = enumerate(addresses(samples, origin)) if self.rows else ()
        self.found[split] = {
            index: self.rows[image] for index, image in named if image in self.rows
        }

    def check_all_found(self) -> None:
        """Raise `DataError` for a row about no picture, or about one with another label."""
        labels: dict[str, set[str]] = {}
        homes: dict[str, set[str]] = {}
        for split, places in self.found.items():
            samples = self.parts[split]
            for index, (row, *_) in places.items():
                labels.setdefault(row.image, set()).add(samples.class_names[samples.targets[index]])
                homes.setdefault(row.image, set()).add(split)
        left_out = self._left_out()
        for row in (row for rows in self.rows.values() for row in rows):
            if row.image in homes:
                self._check_home(row, homes[row.image])
                self._check_given(row, labels[row.image])
            elif row.image in left_out:
                self.counts["left_out"] += 1
            else:
                raise DataError(self._unknown(row))

    def correct(self, split: str, samples: Samples) -> Samples:
        """Return a split's samples with their new labels, without those that are dropped."""
        numbers = {name: number for number, name in enumerate(samples.class_names)}
        targets, stays = samples.targets.copy(), np.ones(len(samples), np.bool_)
        for index, rows in self.found[split].items():
            row = _row_for(rows, samples.class_names[samples.targets[index]])
            if row is None:
                self.counts["already"] += 1
            elif row.decision == "keep" or (row.decision == "relabel" and row.label == row.given):
                self.counts["kept"] += 1
            elif split == "test":
                self.counts["in_test"] += 1
            elif row.decision == "drop":
                stays[index] = False
                self.counts["dropped"] += 1
                self.dropped.append(self._entry(samples.images.name(index)))
            else:
                targets[index] = numbers[row.label]
                self.counts["relabelled"] += 1
        changed = replace(samples, targets=targets)
        return changed if stays.all() else changed.take(np.flatnonzero(stays))

    def _entry(self, name: str) -> Entry:
        return Entry(name, "skipped", "dropped", f"{self.patch.title} says so.")

    def _left_out(self) -> set[str]:
        """Return the pictures of the data set's splits that no part is taken from."""
        return {
            image
            for split, samples in self.data.splits.items()
            if split not in self.parts
            for image in addresses(samples, split)
        }

    def _check_classes(self, row: Correction) -> None:
        named = [row.label] if row.decision == "relabel" else []
        for label in (row.given, *named) if row.decision else ():
            if label not in self.data.class_names:
                raise DataError(
                    f"{self.patch.place(row)} must name a class of {self.data.name}. Received: "
                    f"'{label}'. {did_you_mean(label, self.data.class_names)}"
                )

    def _check_home(self, row: Correction, homes: set[str]) -> None:
        """Raise `DataError` for a picture that lies in the data set's own test split only."""
        if homes == {"test"} and "test" in self.data.splits:
            raise DataError(
                f"{self.patch.place(row)} must not decide about a test image. Received: "
                f"'{row.image}'. Labels of test images are never changed, or the score before and "
                "after could not be compared. Fix: leave the line out, or mend the data."
            )

    def _check_given(self, row: Correction, labels: set[str]) -> None:
        done = row.decision == "relabel" and row.label in labels
        if row.given not in labels and not done:
            has = " and ".join(f"'{label}'" for label in sorted(labels))
            raise DataError(
                f"{self.patch.place(row)} must give the label that '{row.image}' has in the data, "
                f"{has}. Received: '{row.given}'. The data have changed since, or the line is "
                "about another picture. Fix: leave the line out, or review the data again."
            )

    def _unknown(self, row: Correction) -> str:
        known = next(addresses(self.data.train, "train"))
        return (
            f"{self.patch.place(row)} must name a picture of {self.data.name} as `tellapart "
            f"review` does, such as '{known}'. Received: '{row.image}'. "
            "Fix: leave the line out if the picture is gone."
        )


def _row_for(rows: list[Correction], label: str) -> Correction | None:
    """Return the row about a picture with this label, or `None` for one that is corrected."""
    return next((row for row in rows if row.given == label), None)
