"""From a data set to the arrays of one run: split, decoded, accounted for, fingerprinted."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tellapart.data.cache import Cache
from tellapart.data.dataset import Dataset
from tellapart.data.readers import Reader
from tellapart.data.rows import Rows, pieces
from tellapart.data.samples import Indices, Samples
from tellapart.data.splits import hold_out
from tellapart.errors import DataError, ImageError
from tellapart.images import Pixels
from tellapart.progress import SILENCE, Progress
from tellapart.recipe import Recipe
from tellapart.sections import DataSection


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

    def first(self, count: int) -> "Part":
        """Return the first `count` samples."""
        return Part(self.pixels[:count], self.targets[:count])


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
        policy: How the splits came about, in one sentence.
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


def prepare(
    data: Dataset,
    recipe: Recipe,
    *,
    strict: bool = False,
    cache: Cache | None = None,
    progress: Progress = SILENCE,
) -> Prepared:
    """Split a data set as the recipe says, and decode all of it.

    Args:
        data: Where the samples are.
        recipe: Its sections `data` and `image`, and its seed.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        cache: Where decoded pictures are looked for and kept; `None` decodes them anew.
        progress: Where long work shows itself.

    Raises:
        DataError: A class is too small, nothing could be read, or `strict` and something
            could not be read.
    """
    splits, policy = _split(data, recipe.data, recipe.seed)
    skipped: list[ImageError] = []
    repairs: dict[str, int] = {}
    parts: dict[str, Part] = {}
    reader = Reader(recipe.image, data.source or data.origin, cache, progress)
    for name, samples in splits.items():
        parts[name] = _read(samples, reader, skipped, repairs)
    if strict and skipped:
        raise DataError(_list_skipped(skipped))
    for name, part in parts.items():
        if not len(part):
            raise DataError(
                f"No picture of the {name} split could be read. {_list_skipped(skipped)}"
            )
    parts.setdefault("validation", parts["test"])
    return Prepared(
        name=data.name,
        class_names=data.class_names,
        train=parts["train"],
        validation=parts["validation"],
        test=parts["test"],
        skipped=tuple(skipped),
        repairs=repairs,
        fingerprint=fingerprint_of(data.class_names, parts.values()),
        policy=policy,
    )


def fingerprint_of(class_names: tuple[str, ...], parts: Iterable[Part]) -> str:
    """Return the SHA-256 over class names, and the targets and pixels of each part, in hex."""
    digest = hashlib.sha256("\0".join(class_names).encode())
    for part in parts:
        digest.update(np.ascontiguousarray(part.targets).data)
        for piece in pieces(part.pixels):
            digest.update(piece.data)
    return digest.hexdigest()


def _split(data: Dataset, section: DataSection, seed: int) -> tuple[dict[str, Samples], str]:
    """Return the splits to decode, and how they came about; "test" is always there."""
    train = data.train
    said = []
    if "test" in data.splits:
        test = data.test
        said.append("The test images are the data set's own.")
    else:
        train, test = hold_out(train, section.test_fraction, seed, "test")
        said.append(f"The test images are {section.test_fraction:.0%} of each class, held out.")
    if section.validation == "test":
        said.append(
            "They also give the validation curve, as in the guide: nothing is chosen by it "
            "(the last epoch's weights are kept), so the test score stays honest."
        )
        return {"train": train, "test": test}, " ".join(said)
    if "validation" in data.splits:
        validation = data.validation
        said.append("The validation images are the data set's own.")
    else:
        train, validation = hold_out(train, section.validation_fraction, seed, "validation")
        said.append(
            f"The validation images are {section.validation_fraction:.0%} of each class of the "
            "training images, held out."
        )
    said.append("The test images are looked at once, after every choice is made.")
    return {"train": train, "validation": validation, "test": test}, " ".join(said)


def _read(
    samples: Samples, reader: Reader, skipped: list[ImageError], repairs: dict[str, int]
) -> Part:
    """Return one split's arrays; what was skipped and repaired is added to the lists."""
    found = reader.read(samples)
    skipped.extend(found.failures)
    for repair, count in found.repairs.items():
        repairs[repair] = repairs.get(repair, 0) + count
    return Part(found.pixels, samples.targets[found.kept])


def _list_skipped(skipped: list[ImageError]) -> str:
    shown = "\n  - ".join(str(error) for error in skipped[:10])
    more = f"\n  … and {len(skipped) - 10:,} more" if len(skipped) > 10 else ""
    pictures = "1 picture" if len(skipped) == 1 else f"{len(skipped):,} pictures"
    return f"{pictures} cannot be read:\n  - {shown}{more}"
