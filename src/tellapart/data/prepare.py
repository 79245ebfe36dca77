"""From a data set to the arrays of one run: split, decoded, accounted for, fingerprinted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tellapart.data.cache import Cache
from tellapart.data.corrections import correct_splits
from tellapart.data.dataset import Dataset
from tellapart.data.ledger import Ledger, ledger_of
from tellapart.data.partition import Partition, partition
from tellapart.data.patch import Corrections
from tellapart.data.readers import Reader, Reading
from tellapart.data.rows import Rows, pieces
from tellapart.data.samples import Indices, Samples
from tellapart.errors import DataError, ImageError
from tellapart.images.arrays import Pixels
from tellapart.progress import SILENCE, Progress
from tellapart.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Part:
    """One split, ready for a network.

    Attributes:
        pixels: `(n, height, width, channels)`, uint8: an array, or rows of a map that may
            be larger than memory; both give arrays by index and slice.
        targets: `(n,)`, int64.
    """

    pixels: Pixels | Rows
    targets: Indices

    def __len__(self) -> int:
        return len(self.targets)

    def spread(self, count: int) -> "Part":
        """Return at most `count` samples from all over it: those of a folder stand by class."""
        if count >= len(self.targets):
            return self
        places = np.arange(count) * len(self.targets) // count
        return Part(self.pixels[places], self.targets[places])


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that a run needs of its data.

    Attributes:
        name: The data set's name.
        class_names: All classes, ordered once.
        train: What to train on.
        validation: What the validation curve is drawn from.
        test: What the score comes from.
        skipped: One error for each picture that cannot be read.
        repairs: How often each kind of repair was made.
        fingerprint: SHA-256 over class names, targets and pixels of all splits.
        policy: How the splits came about, in some sentences.
        source: The data set that it was made of.
        decoded: The samples of each split, and what decoding them came to.
        corrections: What became of the data set's corrections of labels, if it has some.
    """

    name: str
    class_names: tuple[str, ...]
    train: Part
    validation: Part
    test: Part
    skipped: tuple[ImageError, ...]
    repairs: dict[str, int]
    fingerprint: str
    policy: str
    source: Dataset
    decoded: Mapping[str, tuple[Samples, Reading]]
    corrections: Corrections | None = None

    @cached_property
    def ledger(self) -> Ledger:
        """Return what became of every single file."""
        return ledger_of(self.source.splits, self.decoded, self.source.unused)


def prepare(
    data: Dataset,
    recipe: Recipe,
    *,
    strict: bool = False,
    clusters: Indices | None = None,
    cache: Cache | None = None,
    progress: Progress = SILENCE,
) -> Prepared:
    """Split a data set as the recipe says, and decode all of it.

    Args:
        data: Where the samples are.
        recipe: Its sections `data` and `image`, and its seed.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        clusters: `(n,)`: training samples of one number, near-duplicates, are never split;
            below 0 one is on its own.
        cache: Where decoded pictures are looked for and kept; `None` decodes them anew.
        progress: Where long work shows itself.

    Raises:
        DataError: A class is too small, nothing could be read, or `strict` and something
            could not be read.
    """
    found = partition(data, recipe.data, recipe.seed, clusters)
    reader = Reader(recipe.image, data.source or data.origin, cache, progress)
    data, found, corrections = _correct(data, found)
    decoded = {name: (samples, reader.read(samples)) for name, samples in found.splits.items()}
    skipped = [error for _, part in decoded.values() for error in part.failures]
    if strict and skipped:
        raise DataError(list_skipped(skipped))
    parts = {
        name: Part(part.pixels, samples.targets[part.kept])
        for name, (samples, part) in decoded.items()
    }
    for name, part in parts.items():
        if not len(part):
            raise DataError(
                f"No picture of the {name} split could be read. {list_skipped(skipped)}"
            )
    parts.setdefault("validation", parts["test"])
    return Prepared(
        name=data.name,
        class_names=data.class_names,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        skipped=tuple(skipped),
        repairs=_count_repairs(part for _, part in decoded.values()),
        fingerprint=fingerprint_of(data.class_names, parts.values()),
        policy=found.policy,
        source=data,
        decoded=decoded,
        corrections=corrections,
    )


def _correct(data: Dataset, found: Partition) -> tuple[Dataset, Partition, Corrections | None]:
    """Return data and parts with the data set's corrections of labels, and what became of these.

    The labels decide which samples are held out, so they are corrected after that: the test
    images are the same ones with and without corrections.
    """
    if data.patch is None:
        return data, found, None
    corrected = correct_splits(data, found.splits, data.patch)
    return (
        replace(data, unused=(*data.unused, *corrected.dropped)),
        Partition(corrected.splits, f"{found.policy} {corrected.record.describe()}"),
        corrected.record,
    )


def _count_repairs(parts: Iterable[Reading]) -> dict[str, int]:
    repairs: Counter[str] = Counter()
    for part in parts:
        repairs.update(part.repairs)
    return dict(repairs)


def fingerprint_of(class_names: tuple[str, ...], parts: Iterable[Part]) -> str:
    """Return the SHA-256 over class names, and the targets and pixels of each part, in hex."""
    digest = hashlib.sha256("\0".join(class_names).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part.targets).data)
        for piece in pieces(part.pixels):
            digest.update(piece.data)
    return digest.hexdigest()


def list_skipped(skipped: Sequence[ImageError]) -> str:
    """Return a sentence with the first pictures that cannot be read, and how many there are."""
    shown = "\n  - ".join(str(error) for error in skipped[:10])
    more = f"\n  … and {len(skipped) - 10:,} more" if len(skipped) > 10 else ""
    pictures = "1 picture" if len(skipped) == 1 else f"{len(skipped):,} pictures"
    return f"{pictures} cannot be read:\n  - {shown}{more}"
