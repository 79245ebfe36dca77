"""The training loop: epochs, checkpoints, history, and the ways in which it can end."""

import math
import shlex
import time
from dataclasses import dataclass, field

import keras

from tellapart.data.order import sample_order
from tellapart.data.prepare import Prepared
from tellapart.errors import BundleError, DivergenceError, Interrupted
from tellapart.files import write_whole
from tellapart.progress import Progress, Task
from tellapart.recipe import Recipe
from tellapart.train.checkpoints import (
    Checkpoint,
    Position,
    capture,
    checkpoint_path,
    drop_old,
    latest_checkpoint,
    load_checkpoint,
    restore,
    save_checkpoint,
)
from tellapart.train.engine import Stretch, score, train_epoch
from tellapart.train.feed import open_feed
from tellapart.train.history import EpochRecord, History
from tellapart.train.interrupts import StopSignal, listen_for_stop
from tellapart.train.runs import RunFolder

VALIDATION_BATCH = 256


@dataclass
class _Loop:
    """Is one training under way."""

    network: keras.Model
    recipe: Recipe
    data: Prepared
    run: RunFolder
    progress: Progress
    stop: StopSignal
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        """Open the feeds, once for all epochs."""
        self.train_feed = open_feed(self.data.train)
        self.validation_feed = open_feed(self.data.validation)

    def go_on_from(self, checkpoint: Checkpoint | None) -> Position:
        """Put the state of a checkpoint back, and return its position."""
        if checkpoint is None:
            return Position()
        self.network.optimizer.build(self.network.trainable_variables)
        if checkpoint.position.index:
            score(self.network, self.validation_feed, 1, 1)  # so that its metrics exist
        restore(self.network, checkpoint, ("network", "optimizer"))
        self.history = History.from_jsonl(checkpoint.history)
        return checkpoint.position

    def run_epochs(self, start: Position, metrics: Checkpoint | None) -> None:
        """Train from `start` to the recipe's last epoch."""
        total = self.recipe.fit.epochs * len(self.data.train)
        with self.progress.task("training", total, "images") as task:
            task.advance(start.epoch * len(self.data.train) + start.index)
            first = start.index
            for epoch in range(start.epoch, self.recipe.fit.epochs):
                self._run_epoch(epoch, first, metrics, task)
                first, metrics = 0, None

    def _run_epoch(self, epoch: int, first: int, metrics: Checkpoint | None, task: Task) -> None:
        step = _Step(self, epoch, first, task)
        order = sample_order(self.recipe.seed, epoch, len(self.data.train))
        began = time.perf_counter()
        train_epoch(
            self.network,
            self.train_feed,
            Stretch(order, first, self.recipe.fit.batch_size),
            step.on_step,
            lambda: restore(self.network, metrics, ("metrics",)) if metrics else None,
        )
        seconds = time.perf_counter() - began
        if not math.isfinite(step.loss):
            raise _divergence(self, epoch, step.done)
        if self.stop and step.done < len(self.data.train):
            self._interrupt(Position(epoch, step.done))
        self._finish_epoch(epoch, step, seconds, step.done - first)
        if self.stop and epoch + 1 < self.recipe.fit.epochs:
            self._interrupt(Position(epoch + 1))

    def _finish_epoch(self, epoch: int, step: "_Step", seconds: float, samples: int) -> None:
        """Measure, write down and save what an epoch came to."""
        count = len(self.data.validation)
        val_loss, val_accuracy = score(self.network, self.validation_feed, count, VALIDATION_BATCH)
        if not math.isfinite(val_loss):
            raise _divergence(self, epoch, step.done)
        record = EpochRecord(
            epoch=epoch + 1,
            loss=step.loss,
            accuracy=step.accuracy,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=seconds,
            images_per_second=samples / max(seconds, 1e-9),
            learning_rate=float(self.network.optimizer.learning_rate),
        )
        self.history = self.history.add(record)
        save_checkpoint(self.run.checkpoints, self._capture(Position(epoch + 1)))
        write_whole(self.run.history_path, self.history.to_jsonl())
        drop_old(self.run.checkpoints, self.history.best().epoch)
        self.progress.say(str(record))

    def _capture(self, position: Position) -> Checkpoint:
        return capture(self.network, position, self.history.to_jsonl())

    def _interrupt(self, position: Position) -> None:
        """Save the state and raise `Interrupted`."""
        save_checkpoint(self.run.checkpoints, self._capture(position))
        assert self.stop.number is not None
        raise Interrupted(
            f"Stopped in epoch {position.epoch + 1} after {position.index:,} images; everything "
            f"is saved. Go on with: tellapart train --resume {shlex.quote(str(self.run.path))}\n"
            "(with data or a model in memory: tellapart.train(data, model=..., resume=...))",
            self.stop.number,
        )


@dataclass
class _Step:
    """Watches the steps of one epoch."""

    loop: _Loop
    epoch: int
    done: int
    task: Task
    loss: float = math.nan
    accuracy: float = math.nan

    def on_step(self, done: int, loss: float, accuracy: float) -> bool:
        """Take note of a step; return whether to stop."""
        note = (
            f"epoch {self.epoch + 1}/{self.loop.recipe.fit.epochs}  "
            f"loss {loss:.4f}  accuracy {accuracy:.4f}"
        )
        self.task.advance(done - self.done, note)
        self.done, self.loss, self.accuracy = done, loss, accuracy
        return bool(self.loop.stop) or not math.isfinite(loss)


def fit(
    network: keras.Model,
    recipe: Recipe,
    data: Prepared,
    run: RunFolder,
    progress: Progress,
) -> History:
    """Train a compiled network as its recipe says, from the run's newest checkpoint if any.

    Afterwards the network has the weights that the recipe keeps: the last epoch's, or
    those of the epoch with the best validation accuracy.

    Args:
        network: Built and compiled; trained in place.
        recipe: Seed, epochs, batch size, which epoch to keep.
        data: The arrays of the run.
        run: Where checkpoints and history go.
        progress: Where training shows itself.

    Returns:
        The history of all epochs.

    Raises:
        Interrupted: A signal asked for a stop; the state is saved.
        DivergenceError: The loss is no longer a number.
        OutputError: A checkpoint cannot be written.
    """
    with listen_for_stop() as stop:
        loop = _Loop(network, recipe, data, run, progress, stop)
        checkpoint = latest_checkpoint(run.checkpoints, progress)
        start = loop.go_on_from(checkpoint)
        loop.run_epochs(start, checkpoint if start.index else None)
        _keep(loop)
    return loop.history


def _keep(loop: _Loop) -> None:
    """Give the network the weights that the recipe keeps."""
    if loop.recipe.fit.keep == "last":
        return
    for record in loop.history.ranked():
        if record.epoch != len(loop.history):
            path = checkpoint_path(loop.run.checkpoints, Position(record.epoch))
            try:
                restore(loop.network, load_checkpoint(path), ("network",))
            except BundleError as error:
                loop.progress.say(f"{error} Keeping the next best epoch.")
                continue
        kept = f"Kept the weights of epoch {record.epoch}, the best on the validation images."
        loop.progress.say(kept)
        return


def _divergence(loop: _Loop, epoch: int, done: int) -> DivergenceError:
    rate = float(loop.network.optimizer.learning_rate)
    return DivergenceError(
        f"The loss is no longer a number after {done:,} images of epoch {epoch + 1}. "
        f"`optimizer.learning_rate` must be lower. Received: {rate:g}. "
        f"Fix: --learning-rate {rate / 10:g}"
    )
