"""The page about labels that are probably wrong, and a picture of the first of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tellapart._version import __version__
from tellapart.evaluate.suspects import Suspect, Suspects
from tellapart.figures import Picture
from tellapart.report.page import image_source, render_page

COLUMNS = 6
"""Pictures in a row of the drawing."""

LONGEST_NAME = 22
"""Letters of a class name that fit under a picture of the drawing."""


@dataclass(frozen=True, eq=False)
class Shown:
    """Is one suspect as the page shows it.

    Attributes:
        suspect: What is known of its label.
        name: What the file to decide in calls the picture.
        picture: The picture, grey or RGB.
        neighbours: The pictures most like it with their labels, nearest first.
    """

    suspect: Suspect
    name: str
    picture: Image.Image
    neighbours: Sequence[tuple[Image.Image, str]]


def draw_suspects_page(
    title: str, found: Suspects, shown: Sequence[Shown], notes: Sequence[str], command: str
) -> str:
    """Return the page as HTML that needs nothing outside itself.

    Args:
        title: What was looked at.
        found: All that is known of wrong labels in it.
        shown: The suspects that get a picture, worst first.
        notes: How it was found, and what to do now.
        command: What to run then.
    """
    cards = [
        {
            "suspect": one.suspect,
            "name": one.name,
            "source": image_source(one.picture),
            "neighbours": [(image_source(picture), label) for picture, label in one.neighbours],
        }
        for one in shown
    ]
    return render_page(
        "suspects.html",
        {
            "title": title,
            "found": found,
            "cards": cards,
            "notes": notes,
            "command": command,
            "version": __version__,
        },
    )


def draw_suspects(shown: Sequence[Shown]) -> Picture:
    """Return a figure of suspects, with the given label above the proposed one.

    Args:
        shown: At least one, worst first.
    """
    rows = math.ceil(len(shown) / COLUMNS)
    figure = Picture(1.75 * COLUMNS, 2.2 * rows)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for cell in axes:
        cell.set_xticks([])
        cell.set_yticks([])
        cell.spines[:].set_visible(False)
    for cell, one in zip(axes, shown, strict=False):
        colours = "gray" if one.picture.mode == "L" else None
        cell.imshow(np.asarray(one.picture), cmap=colours, vmin=0, vmax=255)
        given, proposed = (_short(name) for name in (one.suspect.given, one.suspect.proposed))
        cell.set_xlabel(f"{given}\n→ {proposed}?", fontsize=10, parse_math=False)
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
