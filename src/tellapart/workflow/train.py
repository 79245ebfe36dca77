"""Train a classifier: from data and recipe to a bundle, its scores and its pictures."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tellapart._extras import prepare_keras
from tellapart.errors import UsageError
from tellapart.progress import open_progress
from tellapart.recipe import Recipe, load_recipe
from tellapart.workflow.inspect import load
from tellapart.workflow.runs import Run, open_run

DEFAULT_RECIPE = "guide"


def train(
    data: Any = None,
    recipe: str | Path | Recipe | None = None,
    *,
    model: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int | None = None,
    settings: Mapping[str, object] | None = None,
    output: str | Path = "runs",
    resume: str | Path | None = None,
    strict: bool = False,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> Run:
    """Train a classifier, save it with its scores and pictures, and return the run.

    Args:
        data: What `load` takes. It may be left out with `resume`.
        recipe: A built-in recipe's name, a TOML file, or a `Recipe`; by default "guide".
        model: A `keras.Model` of your own, compiled or not, instead of the recipe's.
        epochs: Instead of the recipe's `fit.epochs`.
        batch_size: Instead of the recipe's `fit.batch_size`.
        learning_rate: Instead of the recipe's `optimizer.learning_rate`.
        seed: Instead of the recipe's `seed`.
        settings: Any field of the recipe by dotted key.
        output: The folder that the run's numbered folder goes into.
        resume: The folder of a run that was interrupted, to go on with it.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        UsageError: An argument or the recipe is wrong.
        DataError: The data cannot be trained on.
        ModelError: `model` does not fit the data.
        DivergenceError: The loss is no longer a number.
        Interrupted: A signal asked for a stop; `resume` goes on.
        OutputError: The run's folder cannot be written.
    """
    changes = dict(settings or {}) | {
        key: value
        for key, value in {
            "fit.epochs": epochs,
            "fit.batch_size": batch_size,
            "optimizer.learning_rate": learning_rate,
            "seed": seed,
        }.items()
        if value is not None
    }
    if resume is not None:
        if changes or recipe is not None:
            raise UsageError("A run goes on with the recipe that it began with: leave out others.")
        return _resume(Path(resume), data, model, backend=backend, quiet=quiet)
    if data is None:
        raise UsageError("Name the data to train on, or a run to go on with: --resume RUN.")
    chosen = load_recipe(DEFAULT_RECIPE if recipe is None else recipe, changes)
    prepare_keras(backend)
    from tellapart.train.runs import RunFolder
    from tellapart.workflow.session import Session

    found = load(data, data=data_folder, quiet=quiet)
    folder = RunFolder.create(Path(output), found.name)
    session = Session(folder, open_progress(quiet=quiet))
    try:
        session.begin(found, chosen, model, strict=strict)
        return session.finish()
    except BaseException:
        if not folder.has_checkpoint():
            shutil.rmtree(folder.path, ignore_errors=True)
        raise


def _resume(path: Path, data: Any, model: Any, *, backend: str | None, quiet: bool) -> Run:
    """Go on with an interrupted run; a finished one is only opened."""
    from tellapart.train.runs import RunFolder

    folder = RunFolder(path)
    recipe, record = folder.recipe(), folder.record()
    progress = open_progress(quiet=quiet)
    if folder.evaluation_path.is_file():
        progress.say(f"The run {path} is finished; nothing is left to do.")
        return open_run(path, trust=model is not None)
    source = data if data is not None else record.source
    if source is None:
        raise UsageError(
            f"The run {path} was trained on arrays in memory. Give the same data again: "
            "tellapart.train(data, resume=...)"
        )
    prepare_keras(backend or record.backend)
    from tellapart.workflow.session import Session

    session = Session(folder, progress)
    session.begin_again(load(source, quiet=quiet), recipe, record, model)
    return session.finish()
