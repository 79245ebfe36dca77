"""Train a run again from its folder alone, and compare the two, bit for bit."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import prepare_keras
from tellapart.bundle import Bundle, open_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, DataError, ModelError, UsageError
from tellapart.interrupts import undone_by_signals
from tellapart.progress import open_progress
from tellapart.recipe import parse_recipe
from tellapart.train.runs import RunFolder, RunRecord
from tellapart.workflow.differences import (
    Difference,
    WeightsComparison,
    circumstances,
    compare_weights,
    differences,
    first_different_epoch,
    scores_of,
)
from tellapart.workflow.labels import patch_as_in
from tellapart.workflow.preparing import load_again
from tellapart.workflow.runs import Run, open_run
from tellapart.workflow.train import what_is_left


class Replay(BaseModel):
    """Is what came of training a run again.

    Attributes:
        run: The folder of the run.
        replay: The folder of the new one.
        equal: Whether weights, history and scores are the same, bit for bit.
        weights: How the final weights compare.
        epochs: How many the run has.
        first_different_epoch: From which epoch on, counted from 1, the histories differ.
        scores: The scores that differ.
        circumstances: The versions, and what of the machine decides bits, that differ.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    replay: str
    equal: bool
    weights: WeightsComparison
    epochs: int
    first_different_epoch: int | None
    scores: tuple[Difference, ...]
    circumstances: tuple[Difference, ...]

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @override
    def __str__(self) -> str:
        """Return the outcome in one sentence, with the probable reason."""
        if self.equal:
            return f"{self.run} replays: weights, history and scores are equal, bit for bit."
        parts = {
            "weights": self.weights.differing,
            "history": self.first_different_epoch,
            "scores": self.scores,
        }
        listed = ", ".join(name for name, found in parts.items() if found)
        fields = ", ".join(d.field for d in self.circumstances)
        why = f"These differ too: {fields}." if fields else "Versions and machine are the same."
        return f"{self.run} does not replay: other {listed}. {why}"


def replay(
    run: str | Path | Run,
    *,
    data: Any = None,
    model: Any = None,
    output: str | Path | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> Replay:
    """Train again what a run's folder describes, and say whether the same comes of it.

    The new run gets a numbered folder of its own; nothing in the old one is changed. A replay
    that is interrupted goes on as every run does; `diff` compares it with the old one then.

    Args:
        run: A finished run, or its folder.
        data: The same data again, for a run on arrays in memory.
        model: The same network again, as it was before training, for a run on a network of
            your own; it is trained in place.
        output: The folder that the new run's folder goes into; by default beside the old one.
        data_folder: A folder to look for a known data set in, instead of the run's.
        backend: "tensorflow", "jax" or "torch", instead of the run's.
        quiet: Show no progress.

    Raises:
        UsageError: The data, or a place inside the old run, cannot be used as given.
        BundleError: The run is not finished or not sound, or was not trained by its recipe alone.
        DataError: The data are no longer the ones of the run.
        ModelError: The run has a network of its maker's own, and `model` is missing or another.
        Interrupted: A signal asked for a stop.
    """
    path = run.path if isinstance(run, Run) else Path(run)
    old, folder = open_run(path), RunFolder(path)
    record, bundle = folder.record(), open_bundle(folder.bundle_path)
    _check_recipe(old, record, bundle)
    _check_model(old, model)
    parent = _parent_of_replay(path, output)
    source = data if data is not None else record.source
    if source is None:
        raise UsageError(
            f"The run {path} was trained on arrays in memory. Give the same data again: "
            "tellapart.replay(run, data=...)"
        )
    prepare_keras(backend or record.backend)
    data_folder = data_folder or record.data_folder
    found = load_again(source, record, old.recipe, data_folder=data_folder, quiet=quiet)
    found = patch_as_in(folder, found)
    target = RunFolder.create(parent, f"{path.resolve().name}-replay")
    with undone_by_signals(lambda: what_is_left(target.path)), target.held():
        new = _train_again(old, target, found, model, data_folder, quiet=quiet)
    return _compare(old, record, bundle, new)


def _train_again(
    old: Run, target: RunFolder, data: Dataset, model: Any, data_folder: Any, *, quiet: bool
) -> Run:
    """Return the new run; a folder that nothing can go on from is removed.

    Raises:
        DataError: The data are no longer the ones of the run.
        ModelError: The network is another one.
    """
    from tellapart.workflow.own_network import check_same_network
    from tellapart.workflow.session import Session

    record = RunFolder(old.path).record()
    session = Session(target, open_progress(quiet=quiet))
    try:
        session.begin(data, old.recipe, model, strict=record.strict, data_folder=data_folder)
        check_same_network(target.record().network, record)
        if target.record().fingerprint != record.fingerprint:
            raise DataError(
                f"{data.origin} has changed since the run {old.path}: its fingerprint was "
                f"{record.fingerprint[:12]}…. Received: {target.record().fingerprint[:12]}…. "
                "A replay needs the same data."
            )
        return session.finish()
    except BaseException:
        if not target.has_checkpoint():
            shutil.rmtree(target.path, ignore_errors=True)
        raise


def _check_recipe(old: Run, record: RunRecord, bundle: Bundle) -> None:
    """Raise `BundleError` unless the recipe alone, from first to last, decided the run."""
    if record.budget:
        raise BundleError(
            f"The run {old.path} cannot be replayed: it was on a budget, so its learning rate "
            "followed the clock. Train with a number of epochs for a result that can be repeated."
        )
    if record.earlier_batch_sizes:
        sizes = ", ".join(map(str, record.earlier_batch_sizes))
        raise BundleError(
            f"The run {old.path} cannot be replayed: it began with batches of {sizes} and went on "
            f"with batches of {old.recipe.fit.batch_size}. Train anew without changing them."
        )
    if parse_recipe(tomllib.loads(bundle.manifest.recipe), "of the bundle") != old.recipe:
        raise BundleError(
            f"The run {old.path} cannot be replayed: its recipe.toml is not the recipe that its "
            "model.tellapart was trained by. Put the old one back."
        )


def _check_model(old: Run, model: Any) -> None:
    custom = old.recipe.model.name == "custom"
    if custom and model is None:
        raise ModelError(
            f"The run {old.path} has a network of your own, and its first weights are not kept. "
            "Give it again as it was before training: tellapart.replay(run, model=...)"
        )
    if model is not None and not custom:
        raise UsageError(
            f"The run {old.path} has the network '{old.recipe.model.name}'; leave out `model`."
        )


def _parent_of_replay(path: Path, output: str | Path | None) -> Path:
    """Return the folder for the new run's folder, which must not lie in the old one."""
    beside = path.parent if path.name not in ("", "..") else path.resolve().parent
    parent = beside if output is None else Path(output)
    if parent.resolve().is_relative_to(path.resolve()):
        raise UsageError(
            f"A replay must not write into the run that it repeats. Received: --output {parent}."
        )
    return parent


def _compare(old: Run, record: RunRecord, bundle: Bundle, new: Run) -> Replay:
    folder = RunFolder(new.path)
    weights = compare_weights(bundle, open_bundle(folder.bundle_path))
    epoch = first_different_epoch(old.history, new.history)
    scores = differences(scores_of(old.evaluation), scores_of(new.evaluation))
    within = differences(record.versions, bundle.manifest.versions)
    changed = [d.model_copy(update={"field": f"{d.field} within the run"}) for d in within]
    return Replay(
        run=str(old.path),
        replay=str(new.path),
        equal=not weights.differing and epoch is None and not scores,
        weights=weights,
        epochs=len(old.history),
        first_different_epoch=epoch,
        scores=scores,
        circumstances=(
            *differences(circumstances(record), circumstances(folder.record())),
            *changed,
        ),
    )
