"""The first look at a data set: a grid of pictures with their class names."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tellapart.figures import Picture

COLUMNS = 5


def draw_grid(pictures: Sequence[Image.Image], titles: Sequence[str]) -> Picture:
    """Return a figure of pictures, five in a row, with a title under each.

    Args:
        pictures: At least one, grey or RGB.
        titles: One for each.
    """
    rows = math.ceil(len(pictures) / COLUMNS)
    figure = Picture(1.6 * COLUMNS, 1.85 * rows)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for cell in axes:
        cell.set_axis_off()
    for cell, picture, title in zip(axes, pictures, titles, strict=False):
        colours = "gray" if picture.mode == "L" else None
        cell.imshow(np.asarray(picture), cmap=colours, vmin=0, vmax=255)
        cell.set_title(title, y=-0.2, fontsize=11, parse_math=False)
    return figure
