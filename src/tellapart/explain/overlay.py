"""Heat maps as people see them: laid over their pictures."""

import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.figures import Picture
from tellapart.images.arrays import Pixels

HEAT = "inferno"
"""Its lightness rises evenly, so it is read right by colour-blind eyes and in grey print."""

STRENGTH = 0.75
"""How much of the picture the hottest place covers."""


def blend(pixels: Pixels, heat: NDArray[np.float32]) -> Pixels:
    """Return a picture in grey with a heat map over it; where the map is 0 it stays as it is.

    Args:
        pixels: `(height, width, 1 or 3)`, uint8.
        heat: `(height, width)`, 0–1.

    Returns:
        `(height, width, 3)`, uint8.

    Example:
        >>> blend(np.full((1, 1, 3), 90, np.uint8), np.zeros((1, 1), np.float32)).tolist()
        [[[90, 90, 90]]]
    """
    from matplotlib import colormaps

    grey = pixels.mean(axis=2, keepdims=True)
    colours = 255 * colormaps[HEAT](heat)[:, :, :3]
    share = STRENGTH * heat[:, :, None]
    return np.asarray((1 - share) * grey + share * colours).round().astype(np.uint8)


@dataclass(frozen=True)
class Captions:
    """Is what is written around a drawing.

    Attributes:
        title: Above all of it: the class and its probability.
        picture: Above the picture.
        overlay: Above the picture under its map.
        verdict: Below.
    """

    title: str
    picture: str
    overlay: str
    verdict: str


def draw_overlay(pixels: Pixels, heat: NDArray[np.float32], captions: Captions) -> Picture:
    """Return a picture beside itself under a heat map.

    Args:
        pixels: `(height, width, 3)`, uint8.
        heat: `(height, width)`, 0–1.
        captions: What is written around it.
    """
    height, width = pixels.shape[:2]
    figure = Picture(9.0, float(np.clip(4.1 * height / width, 2.2, 8.0)) + 1.5)
    left, right = figure.subplots(1, 2)
    left.imshow(pixels)
    left.set_title(captions.picture, fontsize=10, parse_math=False)
    right.imshow(blend(pixels, heat))
    right.set_title(captions.overlay, fontsize=10, parse_math=False)
    for axes in (left, right):
        axes.set_axis_off()
    scale = figure.colorbar(_colours(), ax=right, shrink=0.8, ticks=[0, 1])
    scale.ax.set_yticklabels(["none", "most"])
    scale.set_label("evidence")
    figure.suptitle(captions.title, fontsize=13, parse_math=False)
    verdict = "\n".join(textwrap.wrap(captions.verdict, 105))
    figure.supxlabel(verdict, fontsize=9, parse_math=False)
    return figure


def _colours() -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(0, 1), HEAT)
