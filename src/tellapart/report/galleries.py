"""Pictures on a page: mistakes and confused pairs, each with what was said and a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tellapart.evaluate.record import Evaluation
from tellapart.explain.overlay import blend
from tellapart.images.arrays import Pixels
from tellapart.report.page import image_source

MISTAKES = 24
"""The most confident mistakes that are shown."""

PAIRS = 4
PER_PAIR = 8
"""So many of the most confused pairs are shown, with so many pictures each."""

SIDE = 96
"""Larger pictures are shown at this size, in pixels."""


@dataclass(frozen=True, eq=False)
class Answered:
    """What was said of the test images of a run, and those of them that are shown.

    Attributes:
        targets: `(n,)`: the true classes' numbers, of all test images.
        probabilities: `(n, classes)`, of all test images.
        places: `(k,)`: the positions of the images that are shown.
        pixels: `(k, height, width, channels)`, uint8.
        names: `k` names.
        heat: `(k, height, width)`, float32, 0–1: which pixels decided for the class that was
            said; `None` where that cannot be told.
    """

    targets: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    places: NDArray[np.int64]
    pixels: Pixels
    names: Sequence[str]
    heat: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class Card:
    """Is one picture as the page shows it; `picture` and `heat` are addresses for `<img>`."""

    name: str
    target: str
    said: str
    probability: float
    picture: str
    heat: str | None


def choose_mistakes(
    targets: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Return the positions of the mistakes that were made with most confidence, worst first.

    Args:
        targets: `(n,)`: the true classes' numbers.
        probabilities: `(n, classes)`.
    """
    said = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(said != targets)
    order = np.argsort(-probabilities[wrong, said[wrong]], kind="stable")
    return np.asarray(wrong[order][:MISTAKES], np.int64)


def choose_pairs(
    evaluation: Evaluation, targets: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Return, for the most confused pairs, the positions of their surest mistakes."""
    numbers = {name: number for number, name in enumerate(evaluation.class_names)}
    said = probabilities.argmax(axis=1)
    found = {}
    for pair in evaluation.confused[:PAIRS]:
        target, predicted = numbers[pair.target], numbers[pair.predicted]
        places = np.flatnonzero((targets == target) & (said == predicted))
        order = np.argsort(-probabilities[places, predicted], kind="stable")
        found[pair.target, pair.predicted] = np.asarray(places[order][:PER_PAIR], np.int64)
    return found


def choose_shown(
    evaluation: Evaluation, targets: NDArray[np.int64], probabilities: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Return the positions of all test images that the page shows, in order."""
    pairs = choose_pairs(evaluation, targets, probabilities).values()
    chosen = [choose_mistakes(targets, probabilities), *pairs]
    return np.unique(np.concatenate(chosen))


def cards_of(
    answered: Answered, chosen: NDArray[np.int64], class_names: Sequence[str]
) -> list[Card]:
    """Return the cards of the test images at the positions `chosen`."""
    rows = {int(place): row for row, place in enumerate(answered.places)}
    cards = []
    for place in chosen:
        row = rows[int(place)]
        said = int(answered.probabilities[place].argmax())
        heat = None if answered.heat is None else answered.heat[row]
        cards.append(
            Card(
                name=answered.names[row],
                target=class_names[int(answered.targets[place])],
                said=class_names[said],
                probability=float(answered.probabilities[place, said]),
                picture=_source(answered.pixels[row]),
                heat=None if heat is None else _source(blend(answered.pixels[row], heat)),
            )
        )
    return cards


def _source(pixels: Pixels) -> str:
    """Return pixels as the address that an `<img>` shows without any file."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if max(picture.size) > SIDE:
        picture.thumbnail((SIDE, SIDE))
    return image_source(picture)
