"""The training loop: epochs of blocks of steps, checkpoints, history, and every way to end."""

import math
import time
from dataclasses import dataclass, field, replace

import keras
import numpy as np

from tellapart.data.order import sample_order
from tellapart.data.prepare import Part, Prepared
from tellapart.data.samples import Indices
from tellapart.errors import BundleError
from tellapart.files import write_whole
from tellapart.models.custom import output_kind
from tellapart.progress import Progress, Task
from tellapart.recipe import Recipe
from tellapart.train.average import averaged
from tellapart.train.checkpoints import (
    Checkpoint,
    Position,
    Running,
    capture,
    checkpoint_path,
    latest_checkpoint,
    load_checkpoint,
    restore,
)
from tellapart.train.endings import divergence, interruption, telling_of_memory
from tellapart.train.engines.choice import open_engine
from tellapart.train.engines.protocol import STEPS, Block, Settings, Weights, cut_block
from tellapart.train.history import EpochRecord, History
from tellapart.train.interrupts import StopSignal, listen_for_stop
from tellapart.train.runs import RunFolder
from tellapart.train.saver import INTERVAL, Saver
from tellapart.train.schedule import learning_rates


@dataclass(frozen=True)
class FitOptions:
    """What decides about a training beside its recipe.

    Attributes:
        own_optimizer: Whether the network came with an optimiser that keeps its own
            learning rate, whatever the recipe's.
        save_every: Seconds between two checkpoints within an epoch.
    """

    own_optimizer: bool = False
    save_every: float = INTERVAL


@dataclass
class _Loop:
    """Is one training under way."""

    network: keras.Model
    recipe: Recipe
    data: Prepared
    run: RunFolder
    progress: Progress
    stop: StopSignal
    saver: Saver
    options: FitOptions
    history: History = field(default_factory=History)
    position: Position = field(default_factory=Position)
    running: Running = field(default_factory=Running)

    def __post_init__(self) -> None:
        """Make the engine, once for all epochs."""
        settings = Settings(
            from_logits=output_kind(self.network, self.recipe.image) == "logits",
            smoothing=self.recipe.fit.label_smoothing,
            follows_rates=not self.options.own_optimizer,
        )
        self.engine = open_engine(self.network, self.data.train, settings)
        balanced = self.recipe.fit.class_weights == "balanced"
        self.class_weights = balance(self.data.train) if balanced else None

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Put the state of a checkpoint back."""
        restore(self.network, checkpoint, ("network", "optimizer"))
        self.history = History.from_jsonl(checkpoint.history)
        self.position, self.running = checkpoint.position, checkpoint.running

    def run_epochs(self) -> None:
        """Train from the present position to the end."""
        samples = len(self.data.train)
        with self.progress.task("training", self.recipe.fit.epochs * samples, "images") as task:
            task.advance(self.position.epoch * samples + self.position.index)
            while self.position.epoch < self.recipe.fit.epochs and not self._is_patience_over():
                self._run_epoch(task)
        self.saver.wait()

    def _run_epoch(self, task: Task) -> None:
        samples = len(self.data.train)
        order = sample_order(self.recipe.seed, self.position.epoch, samples)
        while self.position.index < samples:
            self._run_block(order, task)
            if self.position.index < samples:
                self._look_around()
        self._finish_epoch()
        if self.stop and self.position.epoch < self.recipe.fit.epochs:
            self._interrupt()

    def _run_block(self, order: Indices, task: Task) -> None:
        """Train on the next few batches, and take note of what they came to."""
        began = time.perf_counter()
        block = self._next_block(order)
        outcome = self.engine.train(block)
        if not np.isfinite(outcome.losses).all():
            raise divergence(self.position, block, outcome)
        counts = (block.weights > 0).sum(axis=1)
        self.running = Running(
            self.running.loss + float(outcome.losses.astype(np.float64) @ counts),
            self.running.correct + float(outcome.correct.sum(dtype=np.float64)),
            self.running.seconds + time.perf_counter() - began,
        )
        self.position = replace(self.position, index=self.position.index + block.samples)
        task.advance(
            block.samples,
            f"epoch {self.position.epoch + 1}/{self.recipe.fit.epochs}  "
            f"loss {self.running.loss / self.position.index:.4f}  "
            f"accuracy {self.running.correct / self.position.index:.4f}",
        )

    def _next_block(self, order: Indices) -> Block:
        size, samples = self.recipe.fit.batch_size, len(order)
        behind = self.position.epoch * samples + self.position.index
        done = (behind + size * np.arange(STEPS)) / (self.recipe.fit.epochs * samples)
        rates = learning_rates(self.recipe.optimizer, done)
        return cut_block(order, self.position.index, size, rates, self.class_weights)

    def _look_around(self) -> None:
        """Heed a wish to stop; save now and then."""
        if self.stop:
            self._interrupt()
        if self.saver.is_due():
            self._save()

    def _finish_epoch(self) -> None:
        """Measure, write down and save what an epoch came to."""
        with averaged(self.network):
            val_loss, val_accuracy = self.engine.score(self.data.validation)
        if not math.isfinite(val_loss):
            raise divergence(self.position)
        samples, running = len(self.data.train), self.running
        record = EpochRecord(
            epoch=self.position.epoch + 1,
            loss=running.loss / samples,
            accuracy=running.correct / samples,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=running.seconds,
            images_per_second=samples / max(running.seconds, 1e-9),
            learning_rate=float(self.network.optimizer.learning_rate),
        )
        self.history = self.history.add(record)
        self.position, self.running = Position(self.position.epoch + 1), Running()
        self._save()
        write_whole(self.run.history_path, self.history.to_jsonl())
        self.progress.say(str(record))

    def _is_patience_over(self) -> bool:
        """Return whether the recipe ends the training early; it follows from the history."""
        patience = self.recipe.fit.patience
        if not patience or not len(self.history):
            return False
        return len(self.history) - self.history.best().epoch >= patience

    def _save(self) -> None:
        state = capture(self.network, self.position, self.running, self.history.to_jsonl())
        self.saver.save(state, self.history.best().epoch if len(self.history) else None)

    def _interrupt(self) -> None:
        """Save the state and raise `Interrupted`."""
        self._save()
        self.saver.wait()
        raise interruption(self.run, self.position, self.stop)


def fit(
    network: keras.Model,
    recipe: Recipe,
    data: Prepared,
    run: RunFolder,
    progress: Progress,
    options: FitOptions = FitOptions(),
) -> History:
    """Train a compiled network as its recipe says, from the run's newest checkpoint if any.

    Afterwards the network has the weights that the recipe keeps: the last epoch's, or
    those of the epoch with the best validation accuracy; with `optimizer.ema`, their
    average. A run that is gone on with, however often, ends with the same weights, bit for
    bit, as one that was left alone on the same machine, backend and number of threads.

    Args:
        network: Built and compiled; trained in place.
        recipe: Seed, epochs, batch size, which epoch to keep.
        data: The arrays of the run.
        run: Where checkpoints and history go.
        progress: Where training shows itself.
        options: What the recipe does not decide.

    Returns:
        The history of all epochs.

    Raises:
        Interrupted: A signal asked for a stop; the state is saved.
        DivergenceError: The loss is no longer a number.
        MemoryExceededError: A step needs more memory than there is.
        OutputError: A checkpoint cannot be written.
    """
    saver = Saver(run.checkpoints, interval=options.save_every)
    with listen_for_stop() as stop:
        try:
            loop = _Loop(network, recipe, data, run, progress, stop, saver, options)
            checkpoint = latest_checkpoint(run.checkpoints, progress)
            if checkpoint is not None:
                loop.go_on_from(checkpoint)
            with telling_of_memory(recipe, run):
                loop.run_epochs()
        finally:
            saver.close()
        _keep(loop)
    return loop.history


def balance(part: Part) -> Weights:
    """Return a weight for each sample, so that every class weighs the same in the loss."""
    counts = np.bincount(part.targets)
    present = np.count_nonzero(counts)
    weights = len(part) / (present * np.maximum(counts, 1))
    return np.asarray(weights[part.targets], np.float32)


def _keep(loop: _Loop) -> None:
    """Give the network the weights that the recipe keeps."""
    if loop.recipe.fit.keep == "best":
        _restore_best(loop)
    if loop.network.optimizer.use_ema:
        loop.network.optimizer.finalize_variable_values(loop.network.trainable_variables)


def _restore_best(loop: _Loop) -> None:
    for record in loop.history.ranked():
        if record.epoch != len(loop.history):
            path = checkpoint_path(loop.run.checkpoints, Position(record.epoch))
            try:
                restore(loop.network, load_checkpoint(path), ("network", "optimizer"))
            except BundleError as error:
                loop.progress.say(f"{error} Keeping the next best epoch.")
                continue
        kept = f"Kept the weights of epoch {record.epoch}, the best on the validation images."
        loop.progress.say(kept)
        return
