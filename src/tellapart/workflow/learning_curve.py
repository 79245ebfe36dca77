"""Train on parts of the training pictures, and tell whether more pictures would help."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset
from tellapart.data.groups import group_splits
from tellapart.data.layout import Layout
from tellapart.data.samples import Samples
from tellapart.data.splits import hold_out
from tellapart.errors import Interrupted
from tellapart.evaluate.learning import LearningCurve, fit_learning_curve
from tellapart.files import discard_folder, make_numbered_folder, write_whole
from tellapart.progress import open_progress
from tellapart.recipe import Recipe, load_recipe
from tellapart.workflow.defaults import choose_recipe, join_settings, usual_passes
from tellapart.workflow.inspect import load
from tellapart.workflow.train import train

SHARES = (0.125, 0.25, 0.5, 1.0)
"""The parts of the training pictures that are trained on; each holds the one before it."""

HELD_OUT = 0.2
"""The part of the training pictures that all networks are scored on."""


class LearningCurveRuns(BaseModel):
    """Is what came of training on several sizes of the same data.

    Attributes:
        path: Their folder, with a run a size, `learning-curve.json` and `learning-curve.png`.
        recipe: The recipe's name.
        curve: The scores, and what they say of more pictures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    recipe: str
    curve: LearningCurve

    @override
    def __str__(self) -> str:
        """Return the conclusion."""
        return self.curve.conclusion


def learning_curve(
    data: Any,
    recipe: str | Path | Recipe | None = None,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    settings: Mapping[str, object] | None = None,
    output: str | Path = "runs",
    strict: bool = False,
    use_cache: bool = True,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> LearningCurveRuns:
    """Train on an eighth, a quarter, half and all of the training pictures, and compare.

    All networks are scored on the same fifth of the training pictures, which none of them
    is trained on, so the test images of the data set's own stay unseen. A smaller part has
    fewer steps by the same recipe, as it would have with fewer pictures; where no
    recipe is named, smaller parts may be passed over more often, as in `train`.

    Args:
        data: What `load` takes.
        recipe: A built-in recipe's name, a TOML file, or a `Recipe`; by default as in `train`.
        epochs: Instead of the recipe's `fit.epochs`.
        seed: Instead of the recipe's `seed`; another one gives other parts.
        settings: Any field of the recipe by dotted key.
        output: The folder that the numbered folder `NAME-learning-curve-N` goes into.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        layout: Which columns, root and patterns to read the data by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        UsageError: An argument or the recipe is wrong.
        DataError: A class is too small to be cut into such parts.
        Interrupted: A signal asked for a stop; the runs that are finished stay.
        OutputError: The folder cannot be written.
    """
    from tellapart.report.learning import draw_learning_curve

    prepare_keras(backend)
    found = load(data, layout=layout, data_folder=data_folder, quiet=quiet)
    changes = join_settings(settings, epochs, None, None, seed)
    chosen = choose_recipe(found, recipe, changes)
    usual = recipe is None and "fit.epochs" not in changes
    parts = _parts_of(found, chosen)
    parent_is_new = not Path(output).exists()
    folder = make_numbered_folder(Path(output), f"{found.name}-learning-curve")
    runs = []
    try:
        for number, part in enumerate(parts, start=1):
            size = len(part.train)
            open_progress(quiet=quiet).say(f"\nSize {number} of {len(parts)}: {size:,} pictures")
            runs.append(
                train(
                    part,
                    _for_size(chosen, size) if usual else chosen,
                    output=folder,
                    strict=strict,
                    use_cache=use_cache,
                    quiet=quiet,
                )
            )
    except BaseException as error:
        for rest in folder.iterdir():  # of the size under way: nothing can go on with it
            if rest not in [run.path for run in runs]:
                discard_folder(rest, with_parent=False)
        if not runs:
            discard_folder(folder, with_parent=parent_is_new)
        if isinstance(error, Interrupted):
            raise _stopped(error, folder, len(runs), len(parts)) from error
        raise
    curve = fit_learning_curve(
        [len(part.train) for part in parts], [run.evaluation.accuracy for run in runs]
    )
    write_whole(folder / "learning-curve.json", curve.model_dump_json(indent=2))
    write_whole(folder / "learning-curve.png", draw_learning_curve(curve).to_png())
    return LearningCurveRuns(path=str(folder), recipe=chosen.name, curve=curve)


def _for_size(chosen: Recipe, count: int) -> Recipe:
    """Return the usual recipe for so many pictures."""
    passes = usual_passes(chosen.name, count)
    return chosen if passes is None else load_recipe(chosen, {"fit.epochs": passes})


def _stopped(error: Interrupted, folder: Path, finished: int, sizes: int) -> Interrupted:
    """Return the error that says what there is of a learning curve that was stopped."""
    kept = f"the runs of {finished} sizes stay in {folder}" if finished else "nothing is kept"
    return Interrupted(
        f"Stopped in size {finished + 1} of {sizes}; {kept}. A learning curve cannot be gone on "
        "with. Give the same command to begin anew",
        error.signal_number,
    )


def _parts_of(data: Dataset, recipe: Recipe) -> list[Dataset]:
    """Return the data sets to train on, smallest first, all with the same test images.

    Raises:
        DataError: A class is too small.
    """
    own = dict(data.splits)
    if recipe.data.group_from:
        own = group_splits(own, recipe.data.group_from)
    rest, held = hold_out(own["train"], HELD_OUT, recipe.seed, "learning-curve")
    others = {"validation": own["validation"]} if "validation" in own else {}
    return [_part(data, _share_of(rest, share, recipe.seed), held, others) for share in SHARES]


def _share_of(samples: Samples, share: float, seed: int) -> Samples:
    if share == 1.0:
        return samples
    return hold_out(samples, share, seed, "size")[1]


def _part(data: Dataset, train: Samples, held: Samples, others: Mapping[str, Samples]) -> Dataset:
    splits = {"train": replace(train, split="train"), "test": replace(held, split="test")}
    name = f"{len(train)}-of-{data.name}"
    return replace(data, name=name, splits={**splits, **others}, source=None)
