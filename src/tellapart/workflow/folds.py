"""An answer about every training sample, by a network that has not seen it."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset
from tellapart.data.folded import FoldedDataset
from tellapart.data.samples import Indices
from tellapart.errors import BundleError
from tellapart.files import write_whole
from tellapart.progress import open_progress
from tellapart.recipe import Recipe
from tellapart.train.runs import write_skipped
from tellapart.workflow.fold_folder import FoldsFolder, FoldsRecord
from tellapart.workflow.fold_runs import train_folds
from tellapart.workflow.predictions import DAMAGE, read_answers
from tellapart.workflow.preparing import fold_data

if TYPE_CHECKING:
    from tellapart.workflow.own_network import Pattern


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
    model: Any = None,
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
        model: A `keras.Model` of the user's own that each network begins as; `recipe` fits it.
        quiet: Show no progress.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        save_every: Seconds between two checkpoints within an epoch, 30 by default.
        data_folder: Where a known data set was looked for, to be written down.

    Raises:
        UsageError: Fewer than two folds, or the folder is another cross-validation's.
        ModelError: `model` cannot be built anew.
        DataError: The data cannot be cut into so many folds, or have changed since.
        DivergenceError: The loss is no longer a number.
        Interrupted: A signal asked for a stop; the same call goes on.
        OutputError: The folder cannot be written, or holds something else.
    """
    backend = prepare_keras()
    folder, progress = FoldsFolder(output), open_progress(quiet=quiet)
    folder.check_free()
    pattern = _pattern_of(model)
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
        network=pattern.digest if pattern else None,
    )
    folder.begin(recipe, record)
    if pattern:
        pattern.keep_in(folder.weights_path)
    if folded.skipped:
        write_skipped(folder.skipped_path, folded.skipped)
        progress.say(
            f"Pictures that cannot be read and are skipped: {len(folded.skipped):,}, listed in "
            f"{folder.skipped_path}. The first: {folded.skipped[0]}"
        )
    train_folds(folder, folded, progress, save_every, use_cache=use_cache, pattern=pattern)
    found = _collect(folder, folded)
    write_whole(folder.answers_path, _to_bytes(found))
    return found


def _pattern_of(model: Any) -> "Pattern | None":
    if model is None:
        return None
    from tellapart.workflow.own_network import Pattern

    return Pattern(model)


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


def read_out_of_fold(path: str | Path) -> OutOfFold:
    """Return the answers in the folder of a finished cross-validation.

    Raises:
        BundleError: It is none, is not finished, or the file is damaged.
    """
    folder = FoldsFolder(Path(path))
    folder.record()
    try:
        raw = io.BytesIO(folder.answers_path.read_bytes())
        with np.load(raw, allow_pickle=False) as file:
            found = OutOfFold(
                tuple(map(str, file["keys"])),
                file["targets"],
                file["probabilities"],
                file["fold"],
                tuple(map(str, file["class_names"])),
            )
        count, classes = len(found.keys), len(found.class_names)
        arrays = (found.targets, found.fold, found.probabilities)
        if [array.shape for array in arrays] != [(count,), (count,), (count, classes)]:
            raise ValueError("its arrays do not fit each other")
    except FileNotFoundError as error:
        raise BundleError(
            f"The cross-validation {path} is not finished. "
            f"Go on with: tellapart cross-validate --resume {path}"
        ) from error
    except DAMAGE as error:
        raise BundleError(f"{folder.answers_path} is damaged: {error}.") from error
    return found


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
