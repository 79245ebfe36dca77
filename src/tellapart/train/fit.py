"""The training loop: epochs of blocks of steps, checkpoints, history, and every way to end."""

import math
import time
from dataclasses import dataclass, field, replace

import keras
import numpy as np

from tellapart.data.prepare import Prepared
from tellapart.files import write_whole
from tellapart.interrupts import StopSignal, listen_for_stop
from tellapart.progress import Progress, Task
from tellapart.recipe import Recipe
from tellapart.train import endings
from tellapart.train.average import averaged
from tellapart.train.balance import balance
from tellapart.train.beginning import engine_settings, plan_epoch
from tellapart.train.checkpoints import (
    Checkpoint,
    Position,
    Running,
    capture,
    restore,
)
from tellapart.train.early import EarlyBundle
from tellapart.train.engines.choice import open_engine
from tellapart.train.engines.protocol import Block, Epoch, cut_block
from tellapart.train.first_state import newest_state
from tellapart.train.history import EpochRecord, History
from tellapart.train.keeping import keep_weights, restore_best
from tellapart.train.options import DEFAULTS, FitOptions
from tellapart.train.plan import ByEpochs, ByTime, Plan
from tellapart.train.runs import RunFolder
from tellapart.train.saver import Saver
from tellapart.train.schedule import learning_rates


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
    early: EarlyBundle | None = None

    def __post_init__(self) -> None:
        """Make the engine, once for all epochs."""
        own = self.options.own_optimizer
        settings = engine_settings(self.network, self.recipe, own_optimizer=own)
        self.engine = open_engine(self.network, self.data.train, settings)
        balanced = self.recipe.fit.class_weights == "balanced"
        self.class_weights = balance(self.data.train) if balanced else None
        self.plan: Plan = ByEpochs(self.recipe.fit.epochs, len(self.data.train))
        if self.options.finish is not None:
            held_out = self.data.validation is not self.data.test
            chooses = held_out and self.recipe.fit.keep == "best"
            note, finish = self.run.checkpoints / "early.json", self.options.finish
            self.early = EarlyBundle(self.network, finish, self._accuracy, chooses, note)

    def go_on_from(self, checkpoint: Checkpoint) -> None:
        """Put the state of a checkpoint back."""
        restore(self.network, checkpoint, ("network", "optimizer"))
        self.history = History.from_jsonl(checkpoint.history)
        self.position, self.running = checkpoint.position, checkpoint.running

    def run_epochs(self) -> None:
        """Train from the present position to the end."""
        if self.options.budget is not None:
            trained = self.running.seconds + sum(self.history["seconds"])
            self.plan = ByTime(self.options.budget, trained, self.run.checkpoints)
        self.plan.tell_beginning(self.progress)
        with self.progress.task("training", self.plan.total, self.plan.unit) as task:
            if isinstance(self.plan, ByEpochs):
                task.advance(self.position.epoch * len(self.data.train) + self.position.index)
            while not self.plan.is_over(self.position) and not self._is_over_early():
                self._run_epoch(task)
        if self.position.index:  # gone on with when the time was over
            self._finish_epoch()
        self.saver.wait()
        self.plan.tell_end(self.progress, int(self.network.optimizer.iterations))

    def _is_over_early(self) -> bool:
        return endings.is_patience_over(self.recipe, self.history, self.progress)

    def _run_epoch(self, task: Task) -> None:
        samples = len(self.data.train)
        epoch = plan_epoch(self.recipe, self.position.epoch, samples, self.class_weights)
        while self.position.index < samples:
            self._run_block(epoch, task)
            if self.position.index < samples and not self.plan.is_over(self.position):
                self._look_around()
            if self.plan.is_over(self.position):  # looking around takes time too
                break
        self._finish_epoch()
        if self.stop:
            self._interrupt()

    def _run_block(self, epoch: Epoch, task: Task) -> None:
        """Train on the next few batches, and take note of what they came to."""
        began = time.perf_counter()
        block = self._next_block(epoch)
        outcome = self.engine.train(block)
        if not np.isfinite(outcome.losses).all():
            self.engine.publish()  # the optimiser's count of steps, too
            raise endings.divergence(self.position, block, outcome, self._pace())
        counts = (block.weights > 0).sum(axis=1)
        self.running = Running(
            self.running.loss + float(outcome.losses.astype(np.float64) @ counts),
            self.running.correct + float(outcome.correct.sum(dtype=np.float64)),
            self.running.seconds + time.perf_counter() - began,
        )
        self.position = replace(self.position, index=self.position.index + block.samples)
        task.advance(
            self.plan.went(block.samples, time.perf_counter() - began),
            f"{self.plan.title(self.position)}  "
            f"loss {self.running.loss / self.position.index:.4f}  "
            f"accuracy {self.running.correct / self.position.index:.4f}",
        )

    def _next_block(self, epoch: Epoch) -> Block:
        size = min(self.recipe.fit.batch_size, len(self.data.train))
        rates = learning_rates(self.recipe.optimizer, self.plan.shares(self.position, size))
        return cut_block(epoch, self.position.index, size, rates)

    def _look_around(self) -> None:
        """Heed a wish to stop; save now and then; on a budget, have a bundle early."""
        if self.stop:
            self._interrupt()
        self._rehearse_in_time()
        if self.saver.is_due():
            self._save()

    def _rehearse_in_time(self) -> None:
        """On a budget, write a first bundle early, and learn how long the end will take."""
        early = self.early
        if early is not None and not early.rehearsed and self.plan.is_time_for_a_first_bundle():
            if self.position.index:  # else that was done: no bundle without a checkpoint
                self._save()
            self.plan.reserve = early.rehearse(self._best())

    def _accuracy(self) -> float:
        return self.engine.score(self.data.validation)[1]

    def _best(self) -> float:
        """Return the validation accuracy of the best epoch; below 0 if there is none."""
        return self.history.best().val_accuracy if len(self.history) else -1.0

    def _finish_epoch(self) -> None:
        """Measure, write down and save what an epoch came to."""
        self.engine.publish()
        with averaged(self.network):
            val_loss, val_accuracy = self.engine.score(self.data.validation)
        if not math.isfinite(val_loss):
            raise endings.divergence_in_validation(self.position, self._pace())
        samples, running = self.position.index, self.running
        record = EpochRecord(
            epoch=self.position.epoch + 1,
            loss=running.loss / samples,
            accuracy=running.correct / samples,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=running.seconds,
            images_per_second=samples / max(running.seconds, 1e-9),
            learning_rate=self._pace().rate,
        )
        self.history = self.history.add(record)
        self.position, self.running = Position(self.position.epoch + 1), Running()
        self._save()
        write_whole(self.run.history_path, self.history.to_jsonl())
        self.progress.say(str(record))
        is_best = self.history.best().epoch == record.epoch
        if not self.plan.is_over(self.position):
            self._rehearse_in_time()
            if self.early is not None and self.plan.has_time_to_spare():
                self.early.renew(val_accuracy, is_best=is_best)

    def _pace(self) -> endings.Pace:
        """Return the learning rate of the last step, and whose it is."""
        rate = float(self.network.optimizer.learning_rate)
        if self.options.own_optimizer:
            return endings.Pace(rate, rate, is_own=True)
        section = self.recipe.optimizer
        return endings.Pace(rate, section.learning_rate, is_own=False, decay=section.weight_decay)

    def _save(self) -> None:
        self.engine.publish()
        if endings.has_overflowed(self.network):  # checkpoints are to be worth going on from
            raise endings.overflow(self.position, self._pace())
        state = capture(self.network, self.position, self.running, self.history.to_jsonl())
        self.saver.save(state, self.history.best().epoch if len(self.history) else None)

    def _interrupt(self) -> None:
        """Save the state and raise `Interrupted`."""
        self._save()
        self.saver.wait()
        if self.early is not None:
            kept = self.network, self.history, self.run, self.progress
            self.early.leave(self._best(), lambda: restore_best(*kept))
        raise endings.interruption(self.run, self.position, self.stop)


def fit(
    network: keras.Model,
    recipe: Recipe,
    data: Prepared,
    run: RunFolder,
    progress: Progress,
    options: FitOptions = DEFAULTS,
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
            if (checkpoint := newest_state(network, recipe, run, progress)) is not None:
                loop.go_on_from(checkpoint)
            with endings.telling_of_memory(recipe, run):
                loop.run_epochs()
        finally:
            saver.close()
        keep_weights(network, recipe, loop.history, run, progress)
        if stop:  # everything is saved, and going on finishes at once
            raise endings.interruption(run, loop.position, stop)
    return loop.history
