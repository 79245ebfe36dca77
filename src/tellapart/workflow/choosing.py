"""Which samples are scored, and the model's numbers for their classes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.data.samples import Indices, Samples
from tellapart.errors import DataError
from tellapart.workflow.inspect import load


@dataclass(frozen=True, eq=False)
class Chosen:
    """Is what is scored.

    Attributes:
        name: The data set's name.
        title: Where they are from, in words.
        samples: Those to score.
        train: Those of the same data set to train on, if it has any that are not scored.
    """

    name: str
    title: str
    samples: Samples
    train: Samples | None = None


def choose_samples(
    data: Any,
    split: str | None,
    *,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    quiet: bool = False,
) -> Chosen:
    """Return the samples to score: a split, or all where the data set has no such.

    Raises:
        DataError: There is no such data set, or no such split.
    """
    if isinstance(data, Samples):
        return Chosen("the given samples", "the given samples", data)
    found = data
    if not isinstance(data, Dataset):
        found = load(data, layout=layout, data_folder=data_folder, quiet=quiet)
    title = found.source or found.origin
    if split is None and set(found.splits) == {"train"}:
        return Chosen(found.name, title, replace(found.train, split="all"))
    split = split or "test"
    train = None if split == "train" else found.train
    return Chosen(found.name, title, found.split(split), train)


def places_by_name(samples: Samples, class_names: tuple[str, ...]) -> Indices:
    """Return, for each class number of the samples, the model's number of that name, or -1.

    Raises:
        DataError: Samples have a class that the model does not know.
    """
    unknown = [n for n, count in samples.counts.items() if count and n not in class_names]
    if unknown:
        raise DataError(
            f"The {samples.split} samples have classes that the model does not know: "
            f"{', '.join(unknown)}. It knows: {', '.join(class_names)}."
        )
    return numbers_of(samples, class_names)


def numbers_of(samples: Samples, class_names: tuple[str, ...]) -> Indices:
    """Return, for each class number of the samples, its place in `class_names`, or -1."""
    known = {name: number for number, name in enumerate(class_names)}
    return np.array([known.get(name, -1) for name in samples.class_names], np.int64)
