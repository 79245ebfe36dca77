"""The steps of one training run, in their order; `train` opens it."""

from pathlib import Path
from typing import Any

import numpy as np

from tellapart.bundle import write_bundle
from tellapart.data.dataset import Dataset
from tellapart.data.prepare import Prepared
from tellapart.errors import DataError, ModelError
from tellapart.export.twin import with_twin
from tellapart.files import write_whole
from tellapart.manifest import DataRecord
from tellapart.models.catalogue import build_network, compile_network
from tellapart.models.custom import (
    check_can_be_rebuilt,
    compile_custom,
    digest_of_layers,
    has_own_optimizer,
    output_kind,
    scales_pixels,
)
from tellapart.models.store import golden_of, library_versions, to_bundle
from tellapart.predict.opening import open_predictor
from tellapart.progress import SILENCE, Progress
from tellapart.recipe import Recipe
from tellapart.train.first_state import newest_state
from tellapart.train.fit import fit
from tellapart.train.history import History
from tellapart.train.machine import check_precision, machine_facts
from tellapart.train.options import FitOptions
from tellapart.train.outlook import tell_of_time
from tellapart.train.plan import Budget
from tellapart.train.run_log import RunLog
from tellapart.train.runs import RunFolder, RunRecord
from tellapart.train.saver import INTERVAL
from tellapart.train.seeding import seed_everything
from tellapart.workflow.deciding import decide
from tellapart.workflow.labels import keep_patch
from tellapart.workflow.own_network import check_same_network, fit_recipe
from tellapart.workflow.preparing import (
    check_place,
    prepare_data,
    tell_of_changes,
    tell_of_data,
    tell_of_network,
    tell_of_recipe,
)
from tellapart.workflow.rehearsal import Rehearsal, rehearse_end
from tellapart.workflow.runs import Run, save_pictures
from tellapart.workflow.scoring import looking_ahead, score_run, summary_of
from tellapart.workflow.story import page_of

GOLDEN_EXAMPLES = 256
GOLDEN_BYTES = 2 * 2**20
"""So many golden examples, or as many as are no larger than this, but 8 at least."""


class Session:
    """Is one run from its first line to its last picture.

    Args:
        folder: Where everything goes.
        progress: Where the work shows itself.
        save_every: Seconds between two checkpoints within an epoch.
        budget: The time of the whole run, if it has one.
        use_cache: Whether decoded pictures are looked for, and kept, in the user's cache.
    """

    def __init__(
        self,
        folder: RunFolder,
        progress: Progress,
        *,
        save_every: float | None = None,
        budget: Budget | None = None,
        use_cache: bool = True,
    ) -> None:
        self._folder = folder
        self._budget, self._use_cache = budget, use_cache
        self._save_every = INTERVAL if save_every is None else save_every
        self._own_optimizer = False
        self._progress = RunLog(progress, folder.log_path)
        self._recipe: Recipe
        self._network: Any
        self._data: Prepared

    def begin(
        self,
        data: Dataset,
        recipe: Recipe,
        model: Any,
        *,
        strict: bool,
        data_folder: str | Path | None = None,
    ) -> None:
        """Prepare data and network, and write down what the run begins with."""
        import keras

        seed_everything(recipe.seed)
        self._recipe = fit_recipe(recipe, model, len(data.class_names))
        self._prepare(data, strict=strict)
        self._network = self._make_network(model)
        record = RunRecord(
            source=data.source,
            data_folder=str(Path(data_folder).resolve()) if data_folder is not None else None,
            layout=data.layout.to_record(),
            fingerprint=self._data.fingerprint,
            backend=keras.backend.backend(),
            versions=library_versions(),
            strict=strict,
            machine=machine_facts(),
            budget=self._budget.seconds if self._budget else None,
            labels=self._data.corrections,
            fold=data.fold.number if data.fold else 0,
            folds=data.fold.count if data.fold else 0,
            own_optimizer=self._own_optimizer,
            network=None if model is None else digest_of_layers(model),
        )
        keep_patch(self._folder, data)
        newest_state(self._network, self._recipe, self._folder, self._progress)
        self._folder.begin(self._recipe, record)
        tell_of_network(self._network, self._progress)

    def change_recipe(self, recipe: Recipe) -> None:
        """Write down that a run goes on with another batch size."""
        record = self._folder.record()
        sizes = (*record.earlier_batch_sizes, self._folder.recipe().fit.batch_size)
        record = record.model_copy(update={"earlier_batch_sizes": sizes})
        write_whole(self._folder.record_path, record.model_dump_json(indent=2))
        write_whole(self._folder.recipe_path, recipe.to_toml())
        self._progress.say(
            f"Going on with batches of {recipe.fit.batch_size}: the result is no longer the one "
            "that an undisturbed run would have given."
        )

    def begin_again(self, data: Dataset, recipe: Recipe, record: RunRecord, model: Any) -> None:
        """Prepare data and network of a run that was broken off.

        Raises:
            DataError: The data are not the ones that the run began with.
            ModelError: The user's network is not.
        """
        seed_everything(recipe.seed)
        self._recipe = fit_recipe(recipe, model, len(data.class_names))
        self._prepare(data, strict=record.strict)
        if self._data.fingerprint != record.fingerprint:
            raise DataError(
                f"{data.origin} has changed since the run {self._folder.path} began, so it cannot "
                "go on. Begin a new run."
            )
        if record.earlier_batch_sizes:
            self._progress.say(
                f"The run began with batches of {record.earlier_batch_sizes[0]}: the result is "
                "not the one that an undisturbed run would have given."
            )
        tell_of_changes(record, self._progress)
        self._network = self._make_network(model, record.own_optimizer)
        check_same_network(None if model is None else digest_of_layers(model), record)

    def finish(self) -> Run:
        """Train, save, score and draw."""
        with looking_ahead(self._data) as known:
            history = self._train()
        with self._folder.drafting():
            self._save()
            bundle = decide(self._folder.draft_path, self._data, self._recipe, self._progress)
            self._folder.publish()
        predictor = open_predictor(self._folder.bundle_path, trust=True)
        evaluation = score_run(self._folder, self._data, predictor, known)
        write_bundle(self._folder.bundle_path, bundle.with_scores(summary_of(evaluation)))
        write_whole(self._folder.history_path, history.to_jsonl())
        run = Run(self._folder.path, self._recipe, history, evaluation, trust=True)
        pictures = save_pictures(run)
        write_whole(self._folder.report_path, page_of(run, predictor, self._data, pictures))
        write_whole(self._folder.evaluation_path, evaluation.to_json())  # says that all is done
        if self._budget:
            tell_of_time(history, self._budget, self._progress)
        return run

    def _train(self) -> History:
        options = FitOptions(self._own_optimizer, self._save_every, self._budget, self._rehearsal())
        return fit(self._network, self._recipe, self._data, self._folder, self._progress, options)

    def _rehearsal(self) -> Rehearsal | None:
        """Return what a run on a budget does before its end."""
        if self._budget is None:
            return None
        folder, data, recipe = self._folder, self._data, self._recipe
        return Rehearsal(
            folder,
            self._save,
            lambda: decide(folder.draft_path, data, recipe, SILENCE),
            lambda: rehearse_end(folder, data, recipe),
        )

    def _prepare(self, data: Dataset, *, strict: bool) -> None:
        check_place(data)
        self._progress.say(repr(data))
        self._data = prepare_data(
            data, self._recipe, self._progress, strict=strict, use_cache=self._use_cache
        )
        tell_of_data(self._data, self._folder, self._progress)
        samples = None if self._budget else len(self._data.train)
        tell_of_recipe(self._recipe, self._progress, samples)

    def _make_network(self, model: Any, own_optimizer: bool | None = None) -> Any:
        """Return the network to train, compiled.

        Args:
            model: The user's, or `None` for the recipe's.
            own_optimizer: Whether its own optimiser is kept; by default if it has one.

        Raises:
            ModelError: The network cannot be trained, or is not compiled as it was.
        """
        if model is None:
            recipe = self._recipe
            network = build_network(recipe.model.name, recipe.image, len(self._data.class_names))
            check_precision(network)
            return compile_network(network, recipe.optimizer)
        check_precision(model)
        check_can_be_rebuilt(model)
        compiled = has_own_optimizer(model)
        self._own_optimizer = compiled if own_optimizer is None else own_optimizer
        if self._own_optimizer and not compiled:
            raise ModelError(
                "This run began with a compiled `model`, and goes on with its optimiser. "
                "Received: one that is not compiled. Fix: compile it as it was"
            )
        if not scales_pixels(model):
            self._progress.say(
                "The model has no layer that scales its input; it gets raw pixels 0–255. "
                "If it expects 0–1, make keras.layers.Rescaling(1 / 255) its first layer."
            )
        recipe, own = self._recipe, self._own_optimizer
        return compile_custom(model, recipe.optimizer, recipe.image, own=own)

    def _save(self) -> None:
        """Write the bundle as a draft, without rules and scores."""
        found = self._data
        parts = {"train": found.train, "validation": found.validation, "test": found.test}
        record = DataRecord(
            name=found.name,
            fingerprint=found.fingerprint,
            samples={name: len(part) for name, part in parts.items()},
        )
        size = int(np.prod(self._recipe.image.shape))
        count = min(GOLDEN_EXAMPLES, max(8, GOLDEN_BYTES // size))
        images = np.asarray(found.test.spread(count).pixels)
        golden = golden_of(self._network, images, output_kind(self._network, self._recipe.image))
        bundle = to_bundle(self._network, self._recipe, found.class_names, record, golden)
        bundle = with_twin(
            bundle, self._network, lambda why: self._progress.say(why, only_log=True)
        )
        write_bundle(self._folder.draft_path, bundle)
