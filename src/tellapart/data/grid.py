"""The first look at a data set: a grid of pictures with their class names."""

import math

import numpy as np

from tellapart.data.samples import Samples
from tellapart.errors import UsageError
from tellapart.figures import Picture

COLUMNS = 5
MOST = 100


def draw_grid(samples: Samples, count: int = 15, seed: int | None = None) -> Picture:
    """Return a figure of `count` samples, five in a row, class names under the pictures.

    Args:
        samples: Where to take them from.
        count: How many, 1 to 100; all where there are fewer.
        seed: Draw them at random, repeatably; by default the first ones.

    Raises:
        UsageError: `count` is not from 1 to 100.
        ImageError: A picture cannot be read.
    """
    if not 1 <= count <= MOST:
        raise UsageError(f"`count` must be from 1 to {MOST}. Received: {count}.")
    count = min(count, len(samples))
    chosen = range(count)
    if seed is not None:
        chosen = np.sort(np.random.default_rng(seed).choice(len(samples), count, replace=False))
    rows = math.ceil(count / COLUMNS)
    figure = Picture(1.6 * COLUMNS, 1.85 * rows)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for cell in axes:
        cell.set_axis_off()
    for cell, index in zip(axes, map(int, chosen), strict=False):
        picture = samples.images.picture(index)
        cell.imshow(np.asarray(picture), cmap="gray" if picture.mode == "L" else None, vmin=0, vmax=255)
        cell.set_title(samples.class_names[samples.targets[index]], y=-0.2, fontsize=11, parse_math=False)
    return figure
