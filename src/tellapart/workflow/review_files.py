"""What a review leaves behind: a table, a page, a picture, and the file to decide in."""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tellapart.data.cache import usual_cache
from tellapart.data.csv_rows import to_csv
from tellapart.data.dataset import Dataset
from tellapart.data.downsize import downsize
from tellapart.data.patch import Correction, LabelPatch, patch_to_csv
from tellapart.data.readers import Reader
from tellapart.data.samples import Indices, Samples
from tellapart.evaluate.neighbours import find_neighbours
from tellapart.evaluate.suspects import Suspect, Suspects
from tellapart.files import write_whole
from tellapart.progress import Progress
from tellapart.recipe import Recipe
from tellapart.workflow.folds import OutOfFold

if TYPE_CHECKING:
    from PIL.Image import Image

PATCH = "labels.patch.csv"
MOST_SHOWN = 100
"""So many suspects get a picture on the page; the table has them all."""

MOST_DRAWN = 24
"""So many are drawn in the one picture."""

NEIGHBOURS = 5


@dataclass(frozen=True, eq=False)
class Findings:
    """Is what a review has found.

    Attributes:
        data: The data set.
        recipe: What the networks were trained by.
        answers: What they say of the samples that they had not seen.
        suspects: The labels that are probably wrong.
        places: `(n,)`: where each of the answers' samples stands in the training split.
    """

    data: Dataset
    recipe: Recipe
    answers: OutOfFold
    suspects: Suspects
    places: Indices

    def key(self, suspect: Suspect) -> str:
        """Return what a patch calls a suspect's picture."""
        return self.answers.keys[suspect.index]


def find_places(samples: Samples, answers: OutOfFold) -> Indices:
    """Return where the samples of the answers stand among those of the data set.

    Of copies that have one key and one label, the first stands for all of them.
    """
    pairs = zip(samples.keys, samples.targets.tolist(), strict=True)
    known: dict[tuple[str, int], int] = {}
    for place, pair in enumerate(pairs):
        known.setdefault(pair, place)
    wanted = zip(answers.keys, answers.targets.tolist(), strict=True)
    return np.array([known[pair] for pair in wanted], np.int64)


def settled_by(patch: LabelPatch | None, keys: Sequence[str]) -> NDArray[np.bool_]:
    """Return `(n,)`: which samples somebody has decided about already."""
    decided = {row.image for row in patch.rows if row.decision} if patch else set()
    return np.array([key in decided for key in keys], np.bool_)


def write_review(
    folder: Path, found: Findings, patch: LabelPatch | None, propose: int, progress: Progress
) -> Path:
    """Write everything into a review's folder, and return the path of the page.

    Args:
        folder: It is there.
        found: What there is to say.
        patch: Decisions that were made before.
        propose: For so many suspects the proposal is the decision.
        progress: Where long work shows itself.

    Raises:
        OutputError: The folder cannot be written.
    """
    from tellapart.report.suspects import Shown, draw_suspects, draw_suspects_page

    images = found.data.train.images
    shown = [
        Shown(suspect, found.key(suspect), images.picture(place), neighbours)
        for suspect, place, neighbours in _with_neighbours(found, progress)
    ]
    if shown:
        draw_suspects(shown[:MOST_DRAWN]).save(folder / "suspects.png")
    write_whole(folder / "suspects.csv", _to_csv(found))
    write_whole(folder / "suspects.json", json.dumps(found.suspects.model_dump(), indent=2))
    title = f"{found.data.name}: labels that may be wrong"
    source = shlex.quote(found.data.source or "DATA")
    command = f"tellapart train {source} --labels {shlex.quote(str(folder / PATCH))}"
    page = draw_suspects_page(title, found.suspects, shown, _notes(found), command)
    path = write_whole(folder / "suspects.html", page)
    write_whole(folder / PATCH, patch_to_csv(_rows(found, patch, propose)))  # last: it is done
    return path


def _with_neighbours(
    found: Findings, progress: Progress
) -> Iterator[tuple[Suspect, int, list[tuple["Image", str]]]]:
    """Yield the suspects to be shown, where each stands, and the pictures most like it."""
    train, suspects = found.data.train, found.suspects.suspects[:MOST_SHOWN]
    if not suspects:
        return
    asked = np.array([suspect.index for suspect in suspects], np.int64)
    answers = found.answers
    if answers.features is not None:  # each network sees in its own way
        near = find_neighbours(answers.features, asked, NEIGHBOURS, answers.fold)
    else:
        near = find_neighbours(_small_pixels(found, progress), asked, NEIGHBOURS)
    for suspect, row in zip(suspects, near.tolist(), strict=True):
        places = [int(found.places[index]) for index in row if index >= 0]
        labelled = [(train.images.picture(p), train.class_names[train.targets[p]]) for p in places]
        yield suspect, int(found.places[suspect.index]), labelled


def _small_pixels(found: Findings, progress: Progress) -> NDArray[np.uint8]:
    """Return the pictures of all answers, small, in the answers' order."""
    data = found.data
    reader = Reader(found.recipe.image, data.source or data.origin, usual_cache(), progress)
    reading = reader.read(data.train)
    row_of = np.full(len(data.train), -1, np.int64)
    row_of[reading.kept] = np.arange(len(reading.kept))
    return downsize(reading.pixels)[row_of[found.places]]


def _rows(found: Findings, patch: LabelPatch | None, propose: int) -> list[Correction]:
    """Return the patch's rows: decisions that were made before, then the suspects."""
    before = [row for row in patch.rows if row.decision] if patch else []
    rows = {(row.image, row.given): row for row in before}
    for suspect in found.suspects.suspects:
        decision = "relabel" if suspect.rank <= propose else ""
        key = found.key(suspect)
        row = Correction(key, suspect.given, suspect.proposed, decision)
        rows.setdefault((key, suspect.given), row)
    return list(rows.values())


def _to_csv(found: Findings) -> bytes:
    """Return all suspects as a table, worst first, with the probability of every class."""
    classes = (f"probability of {name}" for name in found.answers.class_names)
    rows: list[tuple[str, ...]] = [("rank", "image", "given", "proposed", "score", *classes)]
    for one in found.suspects.suspects:
        row = (f"{value:.6f}" for value in found.answers.probabilities[one.index])
        key = found.key(one)
        rows.append((str(one.rank), key, one.given, one.proposed, f"{one.score:.6f}", *row))
    return to_csv(rows)


def _notes(found: Findings) -> tuple[str, ...]:
    folds = len(set(found.answers.fold.tolist()))
    return (
        f"{folds} networks of recipe {found.recipe.name} were trained, and each was asked about "
        "the pictures that it had not seen. Of a test or validation split of the data set's own "
        "no label was looked at.",
        f"Decide in {PATCH}, beside this page: relabel, keep or drop; an empty cell decides "
        "nothing. The pictures and their labels stay as they are; training follows the decisions:",
    )
