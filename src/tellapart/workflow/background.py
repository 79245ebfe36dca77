"""What is known of scored pictures beside the answers: groups, facts, simpler ways."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.data.measures import join_measures, measure, tiny_pictures
from tellapart.data.prepare import Part
from tellapart.data.rows import Rows, pieces
from tellapart.data.samples import Indices, Samples
from tellapart.data.stores import ArrayImages
from tellapart.errors import ImageError
from tellapart.evaluate.baselines import MOST_IMAGES, majority_baseline, neighbour_baseline
from tellapart.evaluate.parts import Baseline
from tellapart.images.arrays import Pixels
from tellapart.images.examine import original_size

MOST_OPENED = 20_000
"""Of more files the sizes are not looked up again."""

AT_ONCE = 256
"""Pictures that are looked at together."""

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Background:
    """Is what is known of some pictures.

    Attributes:
        groups: `(n,)`: a number for each, the same within a group; `None` without groups.
        facts: By name, `(n,)`: what was measured.
        baselines: What simpler ways score on them.
    """

    groups: Indices | None
    facts: dict[str, Floats]
    baselines: tuple[Baseline, ...]


def background_of(samples: Samples, kept: Indices, scored: Part, train: Part | None) -> Background:
    """Return what is known of scored pictures.

    Args:
        samples: Where they come from.
        kept: `(n,)`: which of the samples they are.
        scored: Their pixels and targets.
        train: What the classifier was trained on, or some of it; `None` where that is not
            known.
    """
    groups = group_numbers(None if samples.groups is None else [samples.groups[i] for i in kept])
    facts, tiny = _look_at(scored.pixels)
    baselines = [majority_baseline(train.targets if train else None, scored.targets, groups)]
    if train is not None:
        drawn = [
            (tiny_pictures(np.asarray(piece.pixels)), piece.targets)
            for piece in draw_pieces(train, MOST_IMAGES)
        ]
        compared, targets = (np.concatenate(column) for column in zip(*drawn, strict=True))
        baselines.append(neighbour_baseline(compared, targets, tiny, scored.targets, groups))
    return Background(groups, facts | sizes_of(samples, kept), tuple(baselines))


def draw_pieces(part: Part, most: int, seed: int = 0) -> Iterator[Part]:
    """Yield a part, or so many samples of it, drawn at random, a few at a time in its order.

    All at once may be more than memory holds.
    """
    chosen = np.arange(len(part))
    if len(part) > most:
        generator = np.random.default_rng(seed)
        chosen = np.sort(generator.choice(len(part), most, replace=False))
    for first in range(0, len(chosen), AT_ONCE):
        places = chosen[first : first + AT_ONCE]
        yield Part(part.pixels[places], part.targets[places])


def group_numbers(groups: Sequence[str] | None) -> Indices | None:
    """Return a number for each group, and one of its own for each sample without a group.

    Example:
        >>> group_numbers(["ann", "", "ann", ""]).tolist()
        [0, 1, 0, 2]
    """
    if groups is None or not any(groups):
        return None
    names: dict[tuple[str, int], int] = {}
    numbers = [
        names.setdefault((group, -1 if group else place), len(names))
        for place, group in enumerate(groups)
    ]
    return np.array(numbers, np.int64)


def _look_at(pixels: Pixels | Rows) -> tuple[dict[str, Floats], Floats]:
    """Return what is measured on pictures, and the pictures as a few numbers each."""
    tiny, measures = [], []
    for piece in pieces(pixels):
        tiny.append(tiny_pictures(piece))
        measures.append(measure(piece))
    found = join_measures(measures)
    facts: dict[str, Floats] = {
        "brightness": found.luminance,
        "contrast": found.contrast,
        "sharpness": found.sharpness,
    }
    return facts, np.concatenate(tiny)


def sizes_of(samples: Samples, kept: Indices) -> dict[str, Floats]:
    """Return how large the files' pictures are; nothing for arrays, which are all alike."""
    if isinstance(samples.images, ArrayImages) or len(kept) > MOST_OPENED:
        return {}

    def size(index: int) -> tuple[int, int]:
        return original_size(samples.images.content(index), samples.images.name(index))

    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = np.array(list(pool.map(size, map(int, kept))), np.float64)
    except ImageError:  # a file that changed since it was decoded
        return {}
    widths, heights = found.T
    return {"pixels in the file": widths * heights, "width / height": widths / heights}
