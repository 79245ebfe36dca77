"""Cross-validate a recipe: every picture is answered once, by a network that never saw it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.errors import Interrupted, UsageError
from tellapart.evaluate.fold_scores import score_folds
from tellapart.evaluate.record import Evaluation, FoldScores
from tellapart.evaluate.scores import About, evaluate_probabilities
from tellapart.files import discard_folder, make_numbered_folder, write_whole
from tellapart.recipe import Recipe
from tellapart.workflow.defaults import check_settings, choose_recipe, join_settings, refuse_unused
from tellapart.workflow.fold_folder import FoldsFolder
from tellapart.workflow.folds import out_of_fold
from tellapart.workflow.inspect import load
from tellapart.workflow.train import what_is_left

FOLDS = 5


class CrossValidation(BaseModel):
    """Is what came of a cross-validation.

    Attributes:
        path: Its folder: a run a fold (`fold-1`, …), and the answers in `out-of-fold.npz`.
        recipe: The recipe's name.
        scores: The accuracy of each fold, of all samples, and over the folds.
        evaluation: All scores, over all samples, of the answers by networks that never saw them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    recipe: str
    scores: FoldScores
    evaluation: Evaluation

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str) -> "CrossValidation":
        """Return the record that `to_json` wrote.

        Raises:
            ValueError: It is not such a record.
        """
        return cls.model_validate_json(text)

    @override
    def __str__(self) -> str:
        """Return the headline."""
        return f"cross-validation {self.path} of recipe '{self.recipe}': {self.scores}"


def cross_validate(
    data: Any = None,
    recipe: str | Path | Recipe | None = None,
    *,
    model: Any = None,
    folds: int | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int | None = None,
    settings: Mapping[str, object] | None = None,
    output: str | Path = "runs",
    resume: str | Path | None = None,
    save_every: float | None = None,
    strict: bool = False,
    use_cache: bool = True,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> CrossValidation:
    """Train one network a fold of the training pictures, and score each on its fold.

    So every training picture is answered once, by a network that has not seen it. A test split
    of the data set's own is left alone, for a last measurement; a validation split of its own
    is every fold's, else each network holds one out of what it is trained on. Groups, and
    near-duplicates where the recipe keeps them together, are in one fold.

    Args:
        data: What `load` takes. It may be left out with `resume`.
        recipe: A built-in recipe's name, a TOML file, or a `Recipe`; by default as in `train`.
        model: A `keras.Model` of your own, compiled or not, instead of the recipe's. It is not
            changed: each fold trains a copy that begins with its weights. With `resume` it is
            given again.
        folds: How many, 5 by default.
        epochs: Instead of the recipe's `fit.epochs`.
        batch_size: Instead of the recipe's `fit.batch_size`.
        learning_rate: Instead of the recipe's `optimizer.learning_rate`.
        seed: Instead of the recipe's `seed`; another one gives other folds.
        settings: Any field of the recipe by dotted key.
        output: The folder that the numbered folder `NAME-cv-N` goes into.
        resume: The folder of one that was interrupted, to go on with it.
        save_every: Seconds between two checkpoints within an epoch, 30 by default.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        layout: Which columns, root and patterns to read the data by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        UsageError: An argument or the recipe is wrong.
        DataError: The data cannot be cut into so many folds.
        ModelError: `model` does not fit the data, or cannot be built anew.
        DivergenceError: The loss is no longer a number.
        Interrupted: A signal asked for a stop; `resume` goes on.
        OutputError: The folder cannot be written.

    Example:
        >>> import tempfile, tellapart
        >>> fashion = tellapart.load("fashion-mnist", quiet=True)
        >>> some = fashion.train.take(range(200))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = tellapart.cross_validate(
        ...         (some.decode(tellapart.load_recipe("guide").image).pixels, some.targets),
        ...         "guide", folds=2, epochs=1, output=folder, quiet=True,
        ...     )
        >>> found.evaluation.samples, len(found.scores.folds)
        (200, 2)
    """
    changes = join_settings(settings, epochs, batch_size, learning_rate, seed)
    how = _How(model, save_every, use_cache=use_cache, quiet=quiet)
    if resume is not None:
        if recipe is not None or changes or strict or folds is not None:
            raise UsageError(
                "A cross-validation goes on with the recipe and the folds that it began with: "
                "leave out others."
            )
        return _go_on(FoldsFolder(Path(resume)), data, data_folder, backend, how)
    if data is None:
        raise UsageError("Name the data, or a cross-validation to go on with: --resume FOLDER.")
    if folds is not None and folds < 2:
        raise UsageError(f"`folds` must be at least 2. Received: {folds}.")
    refuse_unused(model, changes)
    check_settings(recipe, changes)
    prepare_keras(backend)
    found = load(data, layout=layout, data_folder=data_folder, quiet=quiet)
    chosen = choose_recipe(found, recipe, changes, own_network=model is not None)
    parent_is_new = not Path(output).exists()
    folder = FoldsFolder(make_numbered_folder(Path(output), f"{found.name}-cv"))
    count = FOLDS if folds is None else folds
    try:
        return _run(folder, found, chosen, count, how, strict=strict, data_folder=data_folder)
    except BaseException as error:
        if not any(folder.run(number).has_checkpoint() for number in range(1, count + 1)):
            discard_folder(folder.path, with_parent=parent_is_new)
            if isinstance(error, Interrupted):
                raise Interrupted(what_is_left(), error.signal_number) from error
        raise


@dataclass(frozen=True)
class _How:
    """Is the network to train, and how the work is done."""

    model: Any
    save_every: float | None
    use_cache: bool
    quiet: bool


def _go_on(
    folder: FoldsFolder,
    data: Any,
    data_folder: str | Path | None,
    backend: str | None,
    how: _How,
) -> CrossValidation:
    """Go on with an interrupted cross-validation; of a finished one the scores are made anew."""
    recipe, record = folder.recipe(), folder.record()
    source = data if data is not None else record.source
    if source is None:
        raise UsageError(
            f"The cross-validation {folder.path} is one of arrays in memory. Give the same data "
            "again: tellapart.cross_validate(data, resume=...)"
        )
    prepare_keras(backend or record.backend)
    place = data_folder or record.data_folder
    layout = Layout.from_record(record.layout)
    found = load(source, layout=layout, data_folder=place, quiet=how.quiet)
    return _run(folder, found, recipe, record.folds, how, strict=record.strict, data_folder=place)


def _run(
    folder: FoldsFolder,
    data: Dataset,
    recipe: Recipe,
    folds: int,
    how: _How,
    *,
    strict: bool,
    data_folder: str | Path | None,
) -> CrossValidation:
    """Train what is left to train, score it, and write that down."""
    from tellapart.workflow.own_network import fit_recipe

    recipe = fit_recipe(recipe, how.model, len(data.class_names))
    answers = out_of_fold(
        data,
        recipe,
        folds=folds,
        output=folder.path,
        model=how.model,
        quiet=how.quiet,
        strict=strict,
        use_cache=how.use_cache,
        save_every=how.save_every,
        data_folder=data_folder,
    )
    found = CrossValidation(
        path=str(folder.path),
        recipe=recipe.name,
        scores=score_folds(answers.right, answers.fold),
        evaluation=evaluate_probabilities(
            answers.targets,
            answers.probabilities,
            answers.class_names,
            About(
                data=data.name,
                split="out-of-fold",
                note=_note(data, recipe, folder, folds),
            ),
        ),
    )
    write_whole(folder.result_path, found.to_json())
    return found


def _note(data: Dataset, recipe: Recipe, folder: FoldsFolder, folds: int) -> str:
    """Return what must be known to believe the scores."""
    said = [f"Each image is answered by the one of {folds} networks that has not seen it."]
    if "test" in data.splits:
        said.append("The test images of the data set's own were left alone.")
    is_grouped = data.train.groups is not None or recipe.data.group_from
    if is_grouped or recipe.data.near_duplicates == "together":
        said.append(
            "No group is in two folds; the interval takes images as independent, so it is too "
            "narrow where those of a group are alike."
        )
    runs = [folder.run(number) for number in range(1, folds + 1)]
    others = [run.path.name for run in runs if run.recipe() != recipe]
    if others:
        said.append(f"Not trained by the recipe as it stands: {', '.join(others)}.")
    return " ".join(said)
