"""Train a classifier: from data and recipe to a bundle, its scores and its pictures."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tellapart._extras import prepare_keras
from tellapart.data.layout import Layout
from tellapart.data.patch import read_patch
from tellapart.errors import UsageError
from tellapart.files import discard_folder
from tellapart.interrupts import undone_by_signals
from tellapart.progress import open_progress
from tellapart.recipe import Recipe, load_recipe
from tellapart.workflow.defaults import check_settings, choose_recipe, join_settings, refuse_unused
from tellapart.workflow.inspect import load
from tellapart.workflow.labels import patch_as_in
from tellapart.workflow.runs import Run, open_run


def train(
    data: Any = None,
    recipe: str | Path | Recipe | None = None,
    *,
    model: Any = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int | None = None,
    risk: float | None = None,
    settings: Mapping[str, object] | None = None,
    output: str | Path = "runs",
    resume: str | Path | None = None,
    save_every: float | None = None,
    budget: str | float | None = None,
    strict: bool = False,
    labels: str | Path | None = None,
    against: str | Path | Run | None = None,
    use_cache: bool = True,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> Run:
    """Train a classifier, save it with its scores and pictures, and return the run.

    Args:
        data: What `load` takes. It may be left out with `resume`.
        recipe: A built-in recipe's name, a TOML file, or a `Recipe`; by default "fast" for small
            grey pictures ("accurate" for a few of them), "photos" for others, and "guide"
            for a network of your own.
        model: A `keras.Model` of your own, compiled or not, instead of the recipe's.
        epochs: Instead of the recipe's `fit.epochs`.
        batch_size: Instead of the recipe's `fit.batch_size`; also with `resume`, where
            memory is short.
        learning_rate: Instead of the recipe's `optimizer.learning_rate`.
        seed: Instead of the recipe's `seed`.
        risk: Instead of the recipe's `answers.risk`: the share of wrong labels to promise.
        settings: Any field of the recipe by dotted key.
        output: The folder that the run's numbered folder goes into.
        resume: The folder of a run that was interrupted, to go on with it.
        save_every: Seconds between two checkpoints within an epoch, 30 by default; there is
            one after every epoch as well.
        budget: The time that all of it may take, such as "3m" or 180 (seconds), instead of
            a number of epochs: the schedule is laid out for it, and a classifier is on disk
            early.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        labels: A file of corrections of labels, as `review` writes it; they apply to what is
            trained on and validated, never to the test images.
        against: A finished run on the labels as they were: what the corrections brought on
            the same test images is `run.gain`, and in `gain.json`.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        layout: Which columns, root and patterns to read the data by; guessed by default.
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
    began = time.monotonic()
    changes = join_settings(settings, epochs, batch_size, learning_rate, seed)
    if risk is not None:
        changes["answers.risk"] = risk
    if resume is not None:
        given = (recipe, budget, labels, against)
        others = strict or any(value is not None for value in given)
        if set(changes) - {"fit.batch_size"} or others:
            raise UsageError(
                "A run goes on with the recipe and budget that it began with, and the same "
                "corrections of labels: leave out others. "
                "Only --batch-size may change, where memory is short."
            )
        where = _Place(data, model, data_folder, backend, use_cache=use_cache)
        size = changes.get("fit.batch_size")
        return _resume(Path(resume), where, size, save_every, quiet=quiet)
    if data is None:
        raise UsageError("Name the data to train on, or a run to go on with: --resume RUN.")
    refuse_unused(model, changes)
    check_settings(recipe, changes)
    limit = _budget(budget, changes)
    patch = read_patch(Path(labels)) if labels is not None else None
    before = _open_before(against, has_patch=patch is not None)
    made: list[Path] = []
    with undone_by_signals(lambda: what_is_left(*made)):
        prepare_keras(backend)
        from tellapart.train.plan import Budget
        from tellapart.train.runs import RunFolder
        from tellapart.workflow.session import Session

        found = load(data, layout=layout, data_folder=data_folder, quiet=quiet)
        found = replace(found, patch=patch)
        chosen = choose_recipe(found, recipe, changes, own_network=model is not None, budget=limit)
        parent_is_new = not Path(output).exists()
        folder = RunFolder.create(Path(output), found.name)
        made.append(folder.path)
        session = Session(
            folder,
            open_progress(quiet=quiet),
            save_every=save_every,
            budget=Budget(limit, began) if limit else None,
            use_cache=use_cache,
        )
        try:
            with folder.held():
                session.begin(found, chosen, model, strict=strict, data_folder=data_folder)
                run = session.finish()
        except BaseException:
            if not folder.has_checkpoint() and not folder.bundle_path.is_file():  # nothing to keep
                discard_folder(folder.path, with_parent=parent_is_new)
            raise
    return _with_gain(run, before, quiet=quiet)


def what_is_left(run: Path | None = None) -> str:
    """Return what is said when a signal came before or after the training itself.

    Args:
        run: Its folder, if it came to that.
    """
    if run is None or not run.is_dir():
        return "Stopped before there was anything to save; nothing is left."
    from tellapart.train.endings import how_to_go_on

    return f"Stopped; {how_to_go_on(run)}"


def _open_before(against: str | Path | Run | None, *, has_patch: bool) -> Run | None:
    """Return the run to compare with, if there is one.

    Raises:
        UsageError: There is one, and no corrections of labels.
        BundleError: It is no run, or not finished.
    """
    if against is not None and not has_patch:
        raise UsageError(
            "`against` compares labels before and after their correction. Received: no "
            "corrections. Fix: --labels labels.patch.csv, or afterwards: tellapart diff RUN_A RUN_B"
        )
    return against if against is None or isinstance(against, Run) else open_run(against)


def _with_gain(run: Run, before: Run | None, *, quiet: bool) -> Run:
    """Return the run; what corrected labels brought is written down if it had any."""
    from tellapart.train.runs import RunFolder

    if RunFolder(run.path).record().labels is not None:
        from tellapart.workflow.gain import tell_gain

        tell_gain(run, before, quiet=quiet)
    return run


def _budget(budget: str | float | None, changes: Mapping[str, object]) -> float | None:
    """Return the budget in seconds; it and a number of epochs exclude each other."""
    if budget is None:
        return None
    if "fit.epochs" in changes:
        raise UsageError("Give a budget or a number of epochs, not both.")
    from tellapart.workflow.durations import parse_duration

    return parse_duration(budget)


@dataclass(frozen=True)
class _Place:
    """Is what a run cannot remember, or what lies elsewhere now."""

    data: Any
    model: Any
    data_folder: str | Path | None
    backend: str | None
    use_cache: bool


def _resume(
    path: Path, place: _Place, batch_size: object, save_every: float | None, *, quiet: bool
) -> Run:
    """Go on with an interrupted run; a finished one is only opened."""
    with undone_by_signals(lambda: what_is_left(path)):
        return _go_on(path, place, batch_size, save_every, quiet=quiet)


def _go_on(
    path: Path, place: _Place, batch_size: object, save_every: float | None, *, quiet: bool
) -> Run:
    from tellapart.train.runs import RunFolder

    began = time.monotonic()
    folder = RunFolder(path)
    recipe, record = folder.recipe(), folder.record()
    progress = open_progress(quiet=quiet)
    if folder.evaluation_path.is_file():
        progress.say(f"The run {path} is finished; nothing is left to do.")
        return open_run(path, trust=place.model is not None)
    source = place.data if place.data is not None else record.source
    if source is None:
        raise UsageError(
            f"The run {path} was trained on arrays in memory. Give the same data again: "
            "tellapart.train(data, resume=...)"
        )
    prepare_keras(place.backend or record.backend)
    from tellapart.train.plan import Budget
    from tellapart.workflow.preparing import load_again
    from tellapart.workflow.session import Session

    limit = Budget(record.budget, began) if record.budget else None
    session = Session(
        folder, progress, save_every=save_every, budget=limit, use_cache=place.use_cache
    )
    found = load_again(source, record, recipe, data_folder=place.data_folder, quiet=quiet)
    is_changed = batch_size not in (None, recipe.fit.batch_size)
    if is_changed:
        recipe = load_recipe(recipe, {"fit.batch_size": batch_size})
    found = patch_as_in(folder, found)
    with folder.held():
        for part in path.rglob(".*.part"):  # what a kill left half-written
            part.unlink()
        session.begin_again(found, recipe, record, place.model)
        if is_changed:
            session.change_recipe(recipe)
        run = session.finish()
    return _with_gain(run, None, quiet=quiet)
