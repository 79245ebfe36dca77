"""Find the labels of a data set that are probably wrong, for somebody to decide about."""

import contextlib
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import prepare_keras
from tellapart.data.corrections import correct_labels
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.data.patch import LabelPatch, read_patch
from tellapart.errors import Interrupted, UsageError
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.suspects import Suspects, find_suspects
from tellapart.files import make_numbered_folder
from tellapart.progress import open_progress
from tellapart.recipe import Recipe
from tellapart.workflow.defaults import check_settings, choose_recipe
from tellapart.workflow.folds import OutOfFold, out_of_fold
from tellapart.workflow.inspect import load
from tellapart.workflow.review_files import PATCH, Findings, find_places, settled_by, write_review

FOLDS = "folds"
"""The folder of the cross-validation, within that of the review."""


class Review(BaseModel):
    """Is what `review` found, and where it lies.

    Attributes:
        name: The data set.
        origin: Where it came from.
        recipe: What the networks were trained by.
        folds: How many there were.
        accuracy: How often they agree with the labels of samples that they did not see.
        suspects: The labels that are probably wrong, and an estimate of how many are.
        proposed: For how many of them the proposal is written down as the decision.
        folder: Where everything lies: page, table, picture, and the file to decide in.
        patch: The file to decide in, `labels.patch.csv`.
        page: The suspects with their pictures (HTML).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    origin: str
    recipe: str
    folds: int
    accuracy: Interval
    suspects: Suspects
    proposed: int
    folder: str
    patch: str
    page: str

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @override
    def __str__(self) -> str:
        """Return the estimate, and where to go on."""
        return f"{self.suspects} The first {len(self.suspects.suspects):,} are in {self.folder}."


@dataclass(frozen=True)
class _Wanted:
    """Is how the suspects are to be listed."""

    most: int | None
    propose: int

    def __post_init__(self) -> None:
        if self.most is not None and self.most < 1:
            raise UsageError(f"`most` must be at least 1. Received: {self.most}.")
        if self.propose < 0:
            raise UsageError(f"`propose` must be at least 0. Received: {self.propose}.")


def review(
    data: Any,
    recipe: str | Path | Recipe | None = None,
    *,
    folds: int = 5,
    most: int | None = None,
    propose: int = 0,
    labels: str | Path | None = None,
    seed: int | None = None,
    settings: Mapping[str, object] | None = None,
    output: str | Path = "runs",
    resume: str | Path | None = None,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> Review:
    """Return the training labels that are probably wrong, with a file to decide about them in.

    One network is trained for each fold, and says what it thinks of the samples that it has
    not seen; confident learning makes a ranking and an estimate of it. Nothing of the data is
    changed: decisions go into `labels.patch.csv`, for `train(data, labels=...)`.

    Args:
        data: What `load` takes. The labels of its training split are looked at.
        recipe: A built-in recipe's name, a TOML file, or a `Recipe`; as in `train` by default.
        folds: How many, from 2; more take longer and judge a little better.
        most: How many suspects to list; by default as many as are estimated to be wrong.
        propose: For so many, the worst, the proposal is written down as the decision.
        labels: Decisions that were made before: they are applied first, the pictures are not
            listed again, and the new file goes on from them.
        seed: Instead of the recipe's `seed`.
        settings: Any field of the recipe by dotted key.
        output: The folder that the review's numbered folder goes into.
        resume: The folder of a review that was interrupted, to go on with it; all other
            arguments must be as they were.
        layout: Which columns, root and patterns to read the data by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        UsageError: An argument or the recipe is wrong, or `resume` is finished.
        DataError: The data, or `labels`, cannot be used.
        Interrupted: A signal asked for a stop; `resume` goes on.
        OutputError: The folder cannot be written.
    """
    wanted = _Wanted(most, propose)
    changes = dict(settings or {}) | ({"seed": seed} if seed is not None else {})
    check_settings(recipe, changes)
    patch = read_patch(Path(labels)) if labels is not None else None
    prepare_keras(backend)
    found = load(data, layout=layout, data_folder=data_folder, quiet=quiet)
    if patch is not None:
        found, record = correct_labels(found, patch)
        open_progress(quiet=quiet).say(record.describe())
    chosen = choose_recipe(found, recipe, changes)
    parent_is_new = not Path(output).exists()
    folder = _open_folder(Path(output), found.name, resume)
    try:
        answers = out_of_fold(
            found,
            chosen,
            folds=folds,
            output=folder / FOLDS,
            data_folder=data_folder,
            quiet=quiet,
        )
    except Interrupted as stop:
        raise _interrupted(stop, found, folder) from stop
    except BaseException:
        if resume is None:
            _tidy(folder, parent_is_new=parent_is_new)
        raise
    return _conclude(found, chosen, answers, patch, folder, wanted, quiet=quiet)


def _conclude(
    data: Dataset,
    recipe: Recipe,
    answers: OutOfFold,
    patch: LabelPatch | None,
    folder: Path,
    wanted: _Wanted,
    *,
    quiet: bool,
) -> Review:
    """Rank, write everything down, and return the record."""
    places = find_places(data.train, answers)
    suspects = find_suspects(
        answers.targets,
        answers.probabilities,
        answers.class_names,
        most=wanted.most,
        settled=settled_by(patch, answers.keys),
    )
    findings = Findings(data, recipe, answers, suspects, places)
    page = write_review(folder, findings, patch, wanted.propose, open_progress(quiet=quiet))
    return Review(
        name=data.name,
        origin=data.origin,
        recipe=recipe.name,
        folds=len(set(answers.fold.tolist())),
        accuracy=wilson_interval(int(answers.right.sum()), len(answers.targets)),
        suspects=suspects,
        proposed=min(wanted.propose, len(suspects.suspects)),
        folder=str(folder),
        patch=str(folder / PATCH),
        page=str(page),
    )


def _open_folder(output: Path, name: str, resume: str | Path | None) -> Path:
    """Return a new numbered folder, or the one to go on with.

    Raises:
        UsageError: There is nothing to go on with.
    """
    if resume is None:
        return make_numbered_folder(output, f"{name}-review")
    folder = Path(resume)
    if (folder / PATCH).exists():
        raise UsageError(
            f"The review {folder} is finished; nothing is left to do. Decide in {folder / PATCH}"
        )
    if not (folder / FOLDS).is_dir():
        raise UsageError(
            f"`resume` must be the folder of a review, such as runs/{name}-review-1. "
            f"Received: {folder}."
        )
    return folder


def _interrupted(stop: Interrupted, data: Dataset, folder: Path) -> Interrupted:
    """Return what to say of a review that was stopped."""
    source = shlex.quote(data.source or "DATA")
    return Interrupted(
        "Stopped; everything is saved. Go on with the same command and: "
        f"tellapart review {source} --resume {shlex.quote(str(folder))}",
        stop.exit_code - 128,
    )


def _tidy(folder: Path, *, parent_is_new: bool) -> None:
    """Remove the folder of a review that nothing can go on from, and the one made for it."""
    if any(folder.rglob("*.safetensors")):
        return
    shutil.rmtree(folder, ignore_errors=True)
    if parent_is_new:
        with contextlib.suppress(OSError):
            folder.parent.rmdir()
