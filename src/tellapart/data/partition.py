"""The splits of one run: the data set's own where it has them, else parts held out."""

from dataclasses import dataclass

from tellapart.data.dataset import Dataset
from tellapart.data.groups import group_splits, keep_together, straddling
from tellapart.data.samples import Indices, Samples
from tellapart.data.splits import hold_out, small_classes
from tellapart.sections import DataSection


@dataclass(frozen=True, eq=False)
class Partition:
    """Is how a data set is split.

    Attributes:
        splits: The samples to decode by split; "train" and "test" are always there.
        policy: How the splits came about, in some sentences.
    """

    splits: dict[str, Samples]
    policy: str


def partition(
    data: Dataset, section: DataSection, seed: int, clusters: Indices | None = None
) -> Partition:
    """Split a data set as a recipe says.

    Args:
        data: Where the samples are.
        section: The recipe's section `data`.
        seed: The recipe's seed.
        clusters: `(n,)`, one for each of the data set's training samples: those of one
            number, near-duplicates, stay together; below 0 a sample is on its own.

    Raises:
        DataError: A class is too small, or the groups cannot be found.
    """
    own = dict(data.splits)
    if section.group_from and data.fold is None:
        own = group_splits(own, section.group_from)
    said = [f"In the data set's own splits, {line}" for line in straddling(own)]
    train = own["train"] if clusters is None else keep_together(own["train"], clusters)
    train, test, how = _own_or_held_out(own.get("test"), train, section.test_fraction, seed, "test")
    said.append(f"The test images are {data.fold} of the training images." if data.fold else how)
    if section.validation == "test":
        said.append(
            "They also give the validation curve, as in the guide: nothing is chosen by it "
            "(the last epoch's weights are kept), so the test score stays honest."
        )
        return Partition({"train": train, "test": test}, " ".join(said))
    train, validation, how = _own_or_held_out(
        own.get("validation"), train, section.validation_fraction, seed, "validation"
    )
    said += [how, "The test images are looked at once, after every choice is made."]
    splits = {"train": train, "validation": validation, "test": test}
    return Partition(splits, " ".join(said))


def _own_or_held_out(
    own: Samples | None, train: Samples, fraction: float, seed: int, split: str
) -> tuple[Samples, Samples, str]:
    """Return what remains to train on, one other split, and a sentence on where it is from."""
    if own is not None:
        return train, own, f"The {split} images are the data set's own."
    rest, held = hold_out(train, fraction, seed, split)
    of_what = " of the training images" if split == "validation" else ""
    share = f"{fraction:.0%} of each class{of_what}"
    return rest, held, f"The {split} images are {share}, held out{_manner(train, held)}."


def _manner(whole: Samples, held: Samples) -> str:
    """Return what the reader must know of a held-out part, where it is not an exact share."""
    if whole.images.keys_are_positions and whole.groups is None:
        return ""
    came = f" ({len(held) / len(whole):.1%} came out)"
    unit = "group" if whole.groups is not None else "picture"
    said = f"{came} by a hash of each {unit}'s name, so adding pictures moves no other one"
    small = small_classes(whole)
    if small:
        said += f", save in classes of fewer than 20 {unit}s ({', '.join(small[:10])})"
    if whole.groups is not None:
        said += "; no group is on both sides"
    return said
