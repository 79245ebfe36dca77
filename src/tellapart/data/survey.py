"""Facts about every picture of a data set, taken in one pass."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.data.dataset import Dataset
from tellapart.data.measures import Measures, join_measures, measure
from tellapart.data.samples import Indices, Samples
from tellapart.errors import ImageError
from tellapart.images.examine import examine
from tellapart.progress import SILENCE, Progress, Task

_PORTION = 1000

Words = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Facts:
    """Is what is known of some pictures besides their pixels; one entry a picture.

    Attributes:
        kept: `(n,)`: positions in the samples of those that could be read.
        widths: `(n,)`: pixels from left to right, as the picture is looked at.
        heights: `(n,)`: pixels from top to bottom.
        modes: `(n,)`: how colours are stored, in Pillow's words, such as "RGB".
        formats: `(n,)`: the kind of file, such as "JPEG"; empty for arrays.
        cameras: `(n,)`: maker and model out of the EXIF data; mostly empty.
        measures: What was measured on their pixels.
        failures: One error for each picture that could not be read.
        repaired: What was repaired in which picture, by its position in the samples.
        remarks: How many pictures have what was left alone, such as another ending.
    """

    kept: Indices
    widths: Indices
    heights: Indices
    modes: Words
    formats: Words
    cameras: Words
    measures: Measures
    failures: tuple[ImageError, ...] = ()
    repaired: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    remarks: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.kept)


@dataclass(frozen=True, eq=False)
class Survey:
    """The facts about all readable pictures of a data set, split after split.

    Attributes:
        class_names: All classes of the data set, ordered once.
        split_names: The splits, in the data set's order.
        names: What to call each picture.
        splits: `(n,)`: each picture's position in `split_names`.
        targets: `(n,)`: each picture's position in `class_names`.
        facts: What is known of each.
    """

    class_names: tuple[str, ...]
    split_names: tuple[str, ...]
    names: tuple[str, ...]
    splits: Indices
    targets: Indices
    facts: Facts

    def __len__(self) -> int:
        return len(self.names)


def survey_dataset(dataset: Dataset, progress: Progress = SILENCE) -> Survey:
    """Return the facts about every picture; those that cannot be read are left out.

    Args:
        dataset: All of its splits are looked at.
        progress: Where long work shows itself.
    """
    return join_splits(dataset, survey_splits(dataset, progress))


def survey_splits(dataset: Dataset, progress: Progress = SILENCE) -> dict[str, Facts]:
    """Return the facts about the pictures of each split."""
    return {name: survey_samples(each, progress) for name, each in dataset.splits.items()}


def join_splits(dataset: Dataset, parts: Mapping[str, Facts]) -> Survey:
    """Return the facts about all pictures of a data set, from those of its splits."""
    pairs = [(dataset.splits[name], facts) for name, facts in parts.items()]
    return Survey(
        class_names=dataset.class_names,
        split_names=tuple(parts),
        names=tuple(samples.images.name(int(i)) for samples, facts in pairs for i in facts.kept),
        splits=np.repeat(np.arange(len(parts)), [len(facts) for facts in parts.values()]),
        targets=np.concatenate([samples.targets[facts.kept] for samples, facts in pairs]),
        facts=_join(list(parts.values())),
    )


def survey_samples(samples: Samples, progress: Progress = SILENCE) -> Facts:
    """Return the facts about some samples; those that cannot be read are left out.

    Args:
        samples: Arrays, which are measured many at a time, or files, which are read by as
            many threads as there are cores.
        progress: Where long work shows itself.
    """
    survey = _survey_files if samples.images.shape is None else _survey_arrays
    with progress.task("looking at pictures", len(samples), "images") as task:
        return _join(list(survey(samples, task)))


def _survey_arrays(samples: Samples, task: Task) -> Iterator[Facts]:
    yield _nothing()
    for first in range(0, len(samples), _PORTION):
        kept = np.arange(first, min(first + _PORTION, len(samples)))
        pixels: NDArray[Any] = np.stack([samples.images.content(int(i)) for i in kept])
        count, height, width, channels = pixels.shape
        yield Facts(
            kept=kept,
            widths=np.full(count, width),
            heights=np.full(count, height),
            modes=np.full(count, "L" if channels == 1 else "RGB"),
            formats=np.full(count, ""),
            cameras=np.full(count, ""),
            measures=measure(pixels),
        )
        task.advance(count)


def _survey_files(samples: Samples, task: Task) -> Iterator[Facts]:
    yield _nothing()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for facts in pool.map(lambda index: _look_at(samples, index), range(len(samples))):
            yield facts
            task.advance()


def _look_at(samples: Samples, index: int) -> Facts:
    """Return the facts about one file, or none of them and the error."""
    name = samples.images.name(index)
    try:
        found = examine(samples.images.content(index), name)
    except ImageError as error:
        return _nothing((error,))
    width, height = found.size
    return Facts(
        kept=np.array([index]),
        widths=np.array([width]),
        heights=np.array([height]),
        modes=np.array([found.mode]),
        formats=np.array([found.kind]),
        cameras=np.array([found.camera]),
        measures=measure(found.pixels[np.newaxis]),
        repaired={index: found.repairs} if found.repairs else {},
        remarks=dict.fromkeys(found.remarks, 1),
    )


def _nothing(failures: tuple[ImageError, ...] = ()) -> Facts:
    none, words = np.zeros(0, np.int64), np.zeros(0, np.str_)
    measures = measure(np.zeros((0, 1, 1, 1), np.uint8))
    return Facts(none, none, none, words, words, words, measures, failures)


def _join(parts: Sequence[Facts]) -> Facts:
    return Facts(
        kept=np.concatenate([part.kept for part in parts]),
        widths=np.concatenate([part.widths for part in parts]),
        heights=np.concatenate([part.heights for part in parts]),
        modes=np.concatenate([part.modes for part in parts]),
        formats=np.concatenate([part.formats for part in parts]),
        cameras=np.concatenate([part.cameras for part in parts]),
        measures=join_measures([part.measures for part in parts]),
        failures=tuple(error for part in parts for error in part.failures),
        repaired={index: made for part in parts for index, made in part.repaired.items()},
        remarks=sum((Counter(part.remarks) for part in parts), Counter()),
    )
