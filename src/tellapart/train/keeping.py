"""Which weights a training leaves in the network."""

import keras

from tellapart.errors import BundleError
from tellapart.models.optimizers import keeps_average
from tellapart.progress import Progress
from tellapart.recipe import Recipe
from tellapart.train.checkpoints import Position, checkpoint_path, load_checkpoint, restore
from tellapart.train.history import History
from tellapart.train.runs import RunFolder


def keep_weights(
    network: keras.Model, recipe: Recipe, history: History, run: RunFolder, progress: Progress
) -> None:
    """Give a network the weights that its recipe keeps: of the last or the best epoch."""
    if recipe.fit.keep == "best":
        restore_best(network, history, run, progress)
    if keeps_average(network.optimizer):
        network.optimizer.finalize_variable_values(network.trainable_variables)


def restore_best(
    network: keras.Model, history: History, run: RunFolder, progress: Progress
) -> None:
    """Give a network the weights of the epoch that was best on the validation images."""
    for record in history.ranked():
        if record.epoch != len(history):
            path = checkpoint_path(run.checkpoints, Position(record.epoch))
            try:
                restore(network, load_checkpoint(path), ("network", "optimizer"))
            except BundleError as error:
                progress.say(f"{error} Keeping the next best epoch.")
                continue
        progress.say(
            f"Kept the weights of epoch {record.epoch}, the best on the validation images."
        )
        return
