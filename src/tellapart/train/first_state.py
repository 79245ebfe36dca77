"""The state that a training begins in, kept where no other process would come to it again."""

import keras

from tellapart.models.draws import begin_to_share
from tellapart.models.optimizers import build_optimizer
from tellapart.progress import Progress
from tellapart.recipe import Recipe
from tellapart.train.checkpoints import (
    BEGINNING,
    Checkpoint,
    Position,
    Running,
    capture,
    latest_checkpoint,
    save_checkpoint,
)
from tellapart.train.runs import RunFolder


def newest_state(
    network: keras.Model, recipe: Recipe, run: RunFolder, progress: Progress
) -> Checkpoint | None:
    """Return what a run goes on from: its newest whole checkpoint, or `None` at its beginning.

    The recipe's own networks begin with the weights of its seed. Those that a user hands over
    may be others in each process, so their first state is written before the first step; it
    is no checkpoint that makes a broken-off run worth keeping.

    Args:
        network: Compiled; its optimiser is built.
        recipe: Of the run.
        run: Where checkpoints lie.
        progress: Where damaged ones are told.

    Raises:
        OutputError: The first state cannot be written.
    """
    newest = latest_checkpoint(run.checkpoints, progress)
    if newest is not None or recipe.model.name != "custom":
        return newest
    folder = run.checkpoints / BEGINNING
    if (first := latest_checkpoint(folder, progress)) is not None:
        return first
    build_optimizer(network)
    begin_to_share()  # or layers that draw from it would make it from what was drawn before
    save_checkpoint(folder, capture(network, Position(), Running(), ""))
    return None
