"""A data set: its splits, its class names, and how it shows itself."""

import html
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

from tellapart.data.layout import Layout
from tellapart.data.ledger import Entry
from tellapart.data.patch import LabelPatch
from tellapart.data.samples import Samples
from tellapart.errors import DataError

if TYPE_CHECKING:
    from tellapart.figures import Picture

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Fold:
    """Is which part of a cross-validation the test images are, the first one being 1."""

    number: int
    count: int

    @override
    def __str__(self) -> str:
        """Return it as `fold 2 of 5`."""
        return f"fold {self.number} of {self.count}"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with class names, in one to three splits.

    Attributes:
        name: What to call it; runs are named after it.
        class_names: All classes, ordered once.
        splits: The samples by split; "train" is always there.
        origin: Where the data came from, in words.
        source: What `open_dataset` found it by, or `None` for arrays in memory.
        layout: How it was read, where that was said.
        remarks: What was left alone, and other things to know.
        unused: Each file that lies there and is no sample, with its reason.
        patch: Corrections of labels that `prepare` applies to what is trained on and validated.
        fold: Which fold of a cross-validation the test split is, if it is one; groups and
            near-duplicates have been put together then.
    """

    name: str
    class_names: tuple[str, ...]
    splits: Mapping[str, Samples]
    origin: str
    source: str | None = None
    layout: Layout = field(default_factory=Layout)
    remarks: tuple[str, ...] = ()
    unused: tuple[Entry, ...] = ()
    patch: LabelPatch | None = None
    fold: Fold | None = None

    def __post_init__(self) -> None:
        """Raise `DataError` unless there are two classes, and pictures in every split."""
        if not len(self.splits.get("train", ())):
            raise DataError(f"There are no pictures to train on in {self.origin}.")
        empty = [name for name, samples in self.splits.items() if not len(samples)]
        if empty:
            raise DataError(
                f"Each split must hold pictures. Received: no {' and no '.join(empty)} pictures "
                f"in {self.origin}. Fix: leave that split out."
            )
        double = [name for name, count in Counter(self.class_names).items() if count > 1]
        if double:
            raise DataError(
                f"Each class must have a name of its own. Received: {', '.join(double)} more "
                f"than once in {self.origin}."
            )
        if len(self.class_names) < 2:
            raise DataError(
                f"A classifier needs at least two classes. Received: "
                f"{', '.join(self.class_names) or 'none'} in {self.origin}."
            )

    def __len__(self) -> int:
        return sum(len(samples) for samples in self.splits.values())

    @property
    def train(self) -> Samples:
        """Return the samples to train on."""
        return self.splits["train"]

    @property
    def validation(self) -> Samples:
        """Return the samples to choose by.

        Raises:
            DataError: The data set has no such split of its own.
        """
        return self.split("validation")

    @property
    def test(self) -> Samples:
        """Return the samples to score on, once.

        Raises:
            DataError: The data set has no such split of its own.
        """
        return self.split("test")

    def split(self, name: str) -> Samples:
        """Return one split's samples.

        Raises:
            DataError: The data set has no such split.
        """
        if name not in self.splits:
            known = ", ".join(self.splits)
            raise DataError(f"{self.name} has no {name} split of its own. It has: {known}.")
        return self.splits[name]

    def show(self, count: int = 15, *, split: str = "train", seed: int | None = None) -> "Picture":
        """Return a figure of pictures with their class names; see `Samples.show`."""
        return self.split(split).show(count, seed=seed)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Return the one shape of all pictures, or `None` where they differ."""
        shapes = {samples.images.shape for samples in self.splits.values()}
        return shapes.pop() if len(shapes) == 1 else None

    def describe_shape(self) -> str:
        """Return the pictures' shape and type in words, such as `28×28×1 uint8`."""
        if self.shape is None:
            return "files of any size"
        return "×".join(map(str, self.shape)) + " uint8"

    @override
    def __repr__(self) -> str:
        """Return what a person wants to see at a prompt."""
        splits = "   ".join(f"{name} {len(samples):,}" for name, samples in self.splits.items())
        return (
            f"{self.name}: {len(self):,} images ({self.describe_shape()}) "
            f"in {len(self.class_names)} classes\n"
            f"  splits   {splits}\n"
            f"  classes  {', '.join(self.class_names)}\n"
            f"  from     {self.origin}" + "".join(f"\n  note     {line}" for line in self.remarks)
        )

    def _repr_html_(self) -> str:
        """Return the same as a table of images per class and split, for notebooks."""
        heads = "".join(f"<th>{name}</th>" for name in self.splits)
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(name)}</td>"
            + "".join(f"<td>{samples.counts[name]:,}</td>" for samples in self.splits.values())
            + "</tr>"
            for name in self.class_names
        )
        totals = "".join(f"<th>{len(samples):,}</th>" for samples in self.splits.values())
        return (
            f"<div><b>{html.escape(self.name)}</b>: {len(self):,} images "
            f"({self.describe_shape()}) in {len(self.class_names)} classes, "
            f"from {html.escape(self.origin)}<table><thead><tr><th>class</th>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody><tfoot><tr><th>all</th>{totals}</tr></tfoot></table></div>"
        )
