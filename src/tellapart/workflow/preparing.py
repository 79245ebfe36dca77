"""The data of a run: kept together where they belong together, split, and by way of the cache."""

import math
from pathlib import Path
from typing import Any

from tellapart.data.cache import usual_cache
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import cluster_samples
from tellapart.data.folded import FoldedDataset, fold_dataset
from tellapart.data.layout import Layout
from tellapart.data.prepare import Prepared, list_skipped, prepare
from tellapart.data.samples import Indices
from tellapart.data.streams import plain_name
from tellapart.errors import DataError
from tellapart.files import write_whole
from tellapart.progress import Progress, in_notebook, open_progress
from tellapart.recipe import Recipe
from tellapart.train.run_log import RunLog
from tellapart.train.runs import RunFolder, RunRecord, write_skipped
from tellapart.workflow.differences import differences
from tellapart.workflow.inspect import load


def prepare_data(
    data: Dataset,
    recipe: Recipe,
    progress: Progress,
    *,
    strict: bool = False,
    use_cache: bool = True,
) -> Prepared:
    """Return what a run trains on; it follows from data and recipe alone.

    Args:
        data: Where the samples are.
        recipe: Its sections `data` and `image`, and its seed.
        progress: Where long work shows itself.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.

    Raises:
        DataError: The data cannot be trained on.
    """
    return prepare(
        data,
        recipe,
        strict=strict,
        clusters=None if data.fold else _clusters_of(data, recipe, progress),
        cache=usual_cache() if use_cache else None,
        progress=progress,
    )


def check_place(data: Dataset) -> None:
    """Raise `DataError` for a path that no record of a run could name."""
    if data.source is not None and (shown := plain_name(data.source)) != data.source:
        raise DataError(
            f"The path of data to train on must be text in UTF-8. Received: {shown}. "
            "Fix: rename the folder, or link to it"
        )


def fold_data(
    data: Dataset,
    recipe: Recipe,
    count: int,
    progress: Progress,
    *,
    strict: bool = False,
    use_cache: bool = True,
) -> FoldedDataset:
    """Return the folds of a cross-validation; they follow from data and recipe alone.

    Args:
        data: Where the samples are.
        recipe: Its sections `data` and `image`, and its seed.
        count: How many folds.
        progress: Where long work shows itself.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.

    Raises:
        UsageError: Fewer than two folds.
        DataError: The data cannot be cut into so many.
    """
    check_place(data)
    found = fold_dataset(
        data,
        recipe,
        count,
        clusters=_clusters_of(data, recipe, progress),
        cache=usual_cache() if use_cache else None,
        progress=progress,
    )
    if strict and found.skipped:
        raise DataError(list_skipped(found.skipped))
    return found


def load_again(
    source: Any,
    record: RunRecord,
    recipe: Recipe,
    *,
    data_folder: str | Path | None = None,
    quiet: bool = False,
) -> Dataset:
    """Return the data set that a run began with, or the fold of it that was the run's.

    Args:
        source: What the run was trained on, as `load` takes it.
        record: What the run began with.
        recipe: The run's.
        data_folder: A folder to look for a known data set in, instead of the run's.
        quiet: Show no progress.

    Raises:
        DataError: The data are gone, or cannot be cut into the run's folds any more.
    """
    data = load(
        source,
        layout=Layout.from_record(record.layout),
        data_folder=data_folder or record.data_folder,
        quiet=quiet,
    )
    if not record.fold or data.fold is not None:
        return data
    progress = open_progress(quiet=quiet)
    return fold_data(data, recipe, record.folds, progress, strict=record.strict).fold(record.fold)


def _clusters_of(data: Dataset, recipe: Recipe, progress: Progress) -> Indices | None:
    """Return the near-duplicates among the training pictures, if they are to stay together."""
    if recipe.data.near_duplicates != "together":
        return None
    return cluster_samples(data.train, progress)


def tell_of_data(found: Prepared, folder: RunFolder, progress: Progress) -> None:
    """Say what a run trains on, and write down what became of each file.

    Raises:
        OutputError: The run's folder cannot be written.
    """
    if not found.source.train.images.keys_are_positions:
        write_whole(folder.ledger_path, found.ledger.to_json())
    if found.skipped:
        write_skipped(folder.skipped_path, found.skipped)
        progress.say(
            f"Pictures that cannot be read and are skipped: {len(found.skipped):,}, listed in "
            f"{folder.skipped_path}. The first: {found.skipped[0]}"
        )
    for repair, count in found.repairs.items():
        progress.say(f"Pictures {repair}: {count:,}.")
    seen = set(found.train.targets.tolist())
    unseen = [name for i, name in enumerate(found.class_names) if i not in seen]
    if unseen:
        progress.say(f"No picture to train on in: {', '.join(unseen)}.")
    same = found.validation is found.test
    progress.say(
        f"{len(found.train):,} images to train on"
        + ("" if same else f", {len(found.validation):,} to validate")
        + f", {len(found.test):,} to test. {found.policy}"
    )


def tell_of_recipe(recipe: Recipe, progress: Progress, samples: int | None) -> None:
    """Say what a run is trained by, and how its pictures are varied.

    Args:
        recipe: As it will be followed.
        progress: Where it is said.
        samples: How many pictures are trained on; `None` where a budget says how long.
    """
    fit, augment = recipe.fit, recipe.augment
    duration = "as long as the budget lasts" if samples is None else f"{fit.epochs} epochs"
    progress.say(
        f"Recipe '{recipe.name}', network '{recipe.model.name}': pictures of {recipe.image}, "
        f"{duration} in batches of {fit.batch_size}."
    )
    ways = {
        "mirrored (where left and right matter: --set augment.flip=false)": augment.flip,
        "moved": augment.shift > 0.0,
        "cropped": augment.crop < 1.0,
        "covered in part": augment.erase > 0.0,
        "mixed with each other": augment.mixup > 0.0,
    }
    if found := [way for way, is_on in ways.items() if is_on]:
        progress.say(f"In training, pictures are at random {', '.join(found)}.")
    if samples is not None:
        _tell_of_average(recipe, samples, progress)


def tell_of_network(network: Any, progress: RunLog) -> None:
    """Show Keras' summary; in a notebook Keras displays it by itself."""
    lines: list[str] = []
    network.summary(print_fn=lambda text, **_: lines.append(text), line_length=80)
    progress.say("\n".join(lines).strip("\n"), only_log=in_notebook())


def _tell_of_average(recipe: Recipe, samples: int, progress: Progress) -> None:
    """Say where averaged weights would hardly leave the first ones."""
    ema, fit = recipe.optimizer.ema, recipe.fit
    steps = math.ceil(samples / fit.batch_size) * fit.epochs
    if ema and 1 / (1 - ema) > steps / 3:
        progress.say(
            f"`optimizer.ema` averages weights over some {1 / (1 - ema):,.0f} steps, and this "
            f"training has {steps:,}: what is kept will hardly have learnt anything. "
            f"Fix: --set optimizer.ema={max(0.0, 1 - 10 / steps):.3g}, or more epochs"
        )


def tell_of_changes(record: RunRecord, progress: Progress) -> None:
    """Say what a run's bits depend on and is not as it was when it began."""
    import keras

    from tellapart.models.store import library_versions
    from tellapart.train.machine import machine_facts

    before = {"backend": record.backend, **record.versions, **record.machine}
    now = {"backend": keras.backend.backend(), **library_versions(), **machine_facts()}
    found = [f"{d.field} {d.a}, now {d.b}" for d in differences(before, now) if d.a]
    if found:
        progress.say(
            f"The run began with {'; '.join(found)}: the result is no longer exactly the one "
            "that an undisturbed run would have given."
        )
