"""An answer about every training sample, by a network that has not seen it."""

import io
import shlex
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset
from tellapart.data.folded import FoldedDataset
from tellapart.data.samples import Indices
from tellapart.errors import BundleError, Interrupted
from tellapart.files import write_whole
from tellapart.progress import Progress, Task, open_progress
from tellapart.recipe import Recipe
from tellapart.train.runs import write_skipped
from tellapart.workflow.fold_folder import FoldsFolder, FoldsRecord
from tellapart.workflow.predictions import read_answers
from tellapart.workflow.preparing import fold_data


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The answers of a cross-validation about all samples that could be read.

    Attributes:
        keys: What tells each sample from the others, as `Samples.keys` has it.
        targets: `(n,)`, int64: the numbers of their classes.
        probabilities: `(n, classes)`, float32: from the network that has not seen the sample.
        fold: `(n,)`, int64: the fold of each, from 1.
        class_names: All classes, in the order of the probabilities.
        features: `(n, d)`, float32: what the networks see in the samples, or `None`.
    """

    keys: tuple[str, ...]
    targets: Indices
    probabilities: NDArray[np.float32]
    fold: Indices
    class_names: tuple[str, ...]
    features: NDArray[np.float32] | None = None

    @property
    def right(self) -> NDArray[np.bool_]:
        """Return which samples are answered rightly."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.targets, np.bool_)


def out_of_fold(
    data: Dataset,
    recipe: Recipe,
    *,
    folds: int,
    output: Path,
    quiet: bool = False,
    strict: bool = False,
    use_cache: bool = True,
    save_every: float | None = None,
    data_folder: str | Path | None = None,
) -> OutOfFold:
    """Train one network a fold, and return for each sample what the one says that never saw it.

    The samples are those of the data set's train split that can be read; a test split of its
    own is left alone. Which fold a sample is in follows from data and recipe: groups, and
    near-duplicates where the recipe keeps them together, are in one fold.

    Args:
        data: Where the samples are.
        recipe: Of all runs. What it holds out to validate by is taken from what is trained on.
        folds: How many, from 2.
        output: The cross-validation's own folder. Where it holds one of the same data, recipe
            and folds, finished folds are taken from it and an interrupted one goes on.
        quiet: Show no progress.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        save_every: Seconds between two checkpoints within an epoch, 30 by default.
        data_folder: Where a known data set was looked for, to be written down.

    Raises:
        UsageError: Fewer than two folds, or the folder is another cross-validation's.
        DataError: The data cannot be cut into so many folds, or have changed since.
        DivergenceError: The loss is no longer a number.
        Interrupted: A signal asked for a stop; the same call goes on.
        OutputError: The folder cannot be written, or holds something else.
    """
    backend = prepare_keras()
    folder, progress = FoldsFolder(output), open_progress(quiet=quiet)
    folder.check_free()
    folded = fold_data(data, recipe, folds, progress, strict=strict, use_cache=use_cache)
    record = FoldsRecord(
        name=data.name,
        source=data.source,
        data_folder=str(Path(data_folder).resolve()) if data_folder is not None else None,
        layout=data.layout.to_record(),
        fingerprint=folded.fingerprint,
        folds=folds,
        backend=backend,
        strict=strict,
    )
    folder.begin(recipe, record)
    if folded.skipped:
        write_skipped(folder.skipped_path, folded.skipped)
        progress.say(
            f"Pictures that cannot be read and are skipped: {len(folded.skipped):,}, listed in "
            f"{folder.skipped_path}. The first: {folded.skipped[0]}"
        )
    train_folds(folder, folded, progress, save_every, use_cache=use_cache)
    found = _collect(folder, folded)
    write_whole(folder.answers_path, _to_bytes(found))
    return found


def train_folds(
    folder: FoldsFolder,
    folded: FoldedDataset,
    progress: Progress,
    save_every: float | None = None,
    *,
    use_cache: bool = True,
) -> None:
    """Train and score one network a fold; finished ones are left as they are.

    Args:
        folder: Of a cross-validation that was begun.
        folded: Its data.
        progress: Where the work shows itself.
        save_every: Seconds between two checkpoints within an epoch, 30 by default.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.

    Raises:
        Interrupted: A signal asked for a stop; the same call goes on.
    """
    recipe, count = folder.recipe(), len(folded.members)
    for number in range(1, count + 1):
        data = folded.fold(number)
        try:
            _train_one(folder, data, recipe, progress, save_every, use_cache=use_cache)
        except Interrupted as stop:
            raise Interrupted(
                f"Stopped in fold {number} of {count}; everything is saved. Go on with: "
                f"tellapart cross-validate --resume {shlex.quote(str(folder.path))}\n"
                "(with data in memory: tellapart.cross_validate(data, resume=...))",
                stop.exit_code - 128,
            ) from stop


def _train_one(
    folder: FoldsFolder,
    data: Dataset,
    recipe: Recipe,
    progress: Progress,
    save_every: float | None,
    *,
    use_cache: bool,
) -> None:
    """Train and score the network of one fold, from where it was, if it is not finished."""
    from tellapart.workflow.session import Session

    assert data.fold is not None
    run = folder.run(data.fold.number)
    if run.evaluation_path.is_file():
        progress.say(f"{data.fold}: finished before")
        return
    for part in run.path.rglob(".*.part"):  # what a kill left half-written
        part.unlink()
    record = folder.record()
    inner = _FoldProgress(progress, str(data.fold))
    session = Session(run, inner, save_every=save_every, use_cache=use_cache)
    if run.has_checkpoint():
        session.begin_again(data, run.recipe(), run.record(), None)
    else:
        session.begin(data, recipe, None, strict=record.strict, data_folder=record.data_folder)
    evaluation = session.finish().evaluation
    progress.say(f"{data.fold}: accuracy {evaluation.accuracy}, {evaluation.samples:,} images")


def _collect(folder: FoldsFolder, folded: FoldedDataset) -> OutOfFold:
    """Return the answers of all folds, each at its sample's place.

    Raises:
        BundleError: The answers of a fold are missing, or not about its samples.
    """
    samples = folded.samples
    probabilities = np.full((len(samples), len(samples.class_names)), np.nan, np.float32)
    numbers = np.zeros(len(samples), np.int64)
    for number, held in enumerate(folded.members, start=1):
        answers = read_answers(folder.run(number))
        if answers is None or not np.array_equal(answers.targets, samples.targets[held]):
            raise BundleError(
                f"{folder.run(number).predictions_path} must hold an answer about each sample of "
                f"fold {number}. Fix: remove {folder.run(number).path} and go on with the "
                "cross-validation."
            )
        probabilities[held], numbers[held] = answers.probabilities, number
    return OutOfFold(
        tuple(samples.keys), samples.targets, probabilities, numbers, samples.class_names
    )


def _to_bytes(found: OutOfFold) -> bytes:
    content = io.BytesIO()
    np.savez(
        content,
        keys=np.array(found.keys),
        targets=found.targets,
        probabilities=found.probabilities,
        fold=found.fold,
        class_names=np.array(found.class_names),
    )
    return content.getvalue()


class _FoldProgress(Progress):
    """Shows the work of one fold's run under its name; what is said stays in the run's log."""

    def __init__(self, progress: Progress, title: str) -> None:
        self._progress, self._title = progress, title

    @override
    def say(self, line: str) -> None:
        pass

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> AbstractContextManager[Task]:
        return self._progress.task(f"{self._title}: {title}", total, unit)
