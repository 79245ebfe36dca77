"""The ways in which a training can end before its time, each as one clear error."""

import contextlib
import ctypes
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from tellapart.errors import DivergenceError, Interrupted, MemoryExceededError
from tellapart.interrupts import StopSignal
from tellapart.progress import Progress
from tellapart.recipe import Recipe
from tellapart.train.checkpoints import Position
from tellapart.train.engines.protocol import Block, Outcome
from tellapart.train.history import History
from tellapart.train.runs import RunFolder

_MEMORY_ERRORS = ("RESOURCE_EXHAUSTED", "ResourceExhausted", "out of memory", "OOM when")


def interruption(run: RunFolder, position: Position, stop: StopSignal) -> Interrupted:
    """Return the error that says where a run stopped and how to go on with it."""
    assert stop.number is not None
    epoch, images = position.epoch, position.index
    where = f"in epoch {epoch + 1} after {images:,} images" if images else f"after epoch {epoch}"
    return Interrupted(f"Stopped {where}; {how_to_go_on(run.path)}", stop.number)


def how_to_go_on(run: Path) -> str:
    """Return what is said of a run that was stopped and can be gone on with."""
    return (
        "everything is saved. Go on with: "
        f"tellapart train --resume {shlex.quote(str(run))}\n"
        "(with data or a model in memory: tellapart.train(data, model=..., resume=...))"
    )


def is_patience_over(recipe: Recipe, history: History, progress: Progress) -> bool:
    """Return whether a recipe ends a training early, and say so; it follows from the history.

    Args:
        recipe: Its `fit.patience` counts.
        history: The epochs so far.
        progress: Where it is said.
    """
    patience, epochs = recipe.fit.patience, len(history)
    if not patience or not epochs or epochs - history.best().epoch < patience:
        return False
    best = history.best().epoch
    progress.say(
        f"Over after epoch {epochs}: the {patience} after epoch {best} were no better "
        "(`fit.patience`)."
    )
    return True


MODEST_RATE = 0.01
"""What is proposed at most instead of a learning rate with which the weights grew too large."""


@dataclass(frozen=True)
class Pace:
    """Is how large the last step of a training was.

    Attributes:
        rate: Its learning rate.
        setting: What the recipe says, which a schedule goes up to; or the rate.
        is_own: Whether the user's own optimiser decides on it.
        decay: The weight decay of the recipe.
    """

    rate: float
    setting: float
    is_own: bool
    decay: float = 0.0


def divergence(position: Position, block: Block, outcome: Outcome, pace: Pace) -> DivergenceError:
    """Return the error for a loss that is no longer a number.

    Args:
        position: Of the block's beginning.
        block: The steps it happened in.
        outcome: What they came to.
        pace: After the block; the step's own, unless the user's optimiser has a schedule.
    """
    step = int(np.argmin(np.isfinite(outcome.losses)))
    number = position.index // block.chosen.shape[1] + step + 1
    if number == 1 and not position.epoch:
        return DivergenceError(
            "The loss must be a number. Received: none at the first step, before any weight has "
            "changed, so no learning rate helps. Look at the network's first weights, at layers "
            "that divide or take logarithms, and whether it expects pixels 0 to 255"
        )
    what = f"The loss is no longer a number at step {number:,} of epoch {position.epoch + 1}"
    return _too_fast(what, pace if pace.is_own else replace(pace, rate=float(block.rates[step])))


def divergence_in_validation(position: Position, pace: Pace) -> DivergenceError:
    """Return the error for a loss on validation images that is no number.

    Args:
        position: Of the end of the epoch.
        pace: Of its last step.
    """
    number = position.epoch + 1
    return _too_fast(
        f"The loss is no longer a number on the validation images of epoch {number}", pace
    )


def overflow(position: Position, pace: Pace) -> DivergenceError:
    """Return the error for weights that are no longer numbers, or soon will not be.

    Args:
        position: When that was seen.
        pace: Of the last step.
    """
    epoch, images = position.epoch + 1, position.index
    where = f"after {images:,} images of epoch {epoch}" if images else f"after epoch {epoch - 1}"
    return _too_fast(f"Weights are no longer numbers {where}", pace)


def _too_fast(what: str, pace: Pace) -> DivergenceError:
    rate, setting = pace.rate, pace.setting
    if pace.is_own:
        return DivergenceError(
            f"{what}. The learning rate of the optimiser that the network came with must be lower. "
            f"Received: {rate:g}. Fix: compile the network with a lower one, such as {rate / 10:g}"
        )
    if rate * pace.decay > 1:  # a step takes more of a weight away than there is
        return DivergenceError(
            f"{what}, where the learning rate was {rate:g}. `optimizer.weight_decay` must be "
            f"lower. Received: {pace.decay:g}. Fix: --set optimizer.weight_decay=0.01"
        )
    return DivergenceError(
        f"{what}, where the learning rate was {rate:g}. `optimizer.learning_rate` must be lower. "
        f"Received: {setting:g}. Fix: --learning-rate {min(setting / 10, MODEST_RATE):g}"
    )


def has_overflowed(network: keras.Model) -> bool:
    """Return whether weights are so large that their squares are no numbers.

    A network of such weights can still have a finite loss: some processors take the larger
    of 0 and no number to be 0.
    """
    with np.errstate(over="ignore"):
        return not all(np.isfinite(np.square(weight)).all() for weight in network.get_weights())


@contextlib.contextmanager
def telling_of_memory(recipe: Recipe, run: RunFolder) -> Iterator[None]:
    """Turn a backend's way to say "out of memory" into one error that names the batch size.

    Raises:
        MemoryExceededError: It said so.
    """
    try:
        yield
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        if not isinstance(error, MemoryError) and not any(m in text for m in _MEMORY_ERRORS):
            raise
        _keep_for_ever(error)
        raise MemoryExceededError(
            f"A training step needs more memory than there is. {_with_less(recipe, run)}"
        ) from error


def _with_less(recipe: Recipe, run: RunFolder) -> str:
    """Return what must be changed so that a run needs less memory."""
    size = recipe.fit.batch_size
    if size == 1:
        return (
            "The images or the network must be smaller. "
            f"Received: {recipe.image}, and `fit.batch_size` 1 already."
        )
    less = f"--batch-size {size // 2}"
    if run.record().folds or not run.has_checkpoint():
        fix = f"the same again with {less}"
    else:
        fix = f"tellapart train --resume {shlex.quote(str(run.path))} {less}"
    return f"`fit.batch_size` must be smaller. Received: {size}. Fix: {fix}"


def _keep_for_ever(error: Exception) -> None:
    """Keep all that an error's traceback holds, the network among it, until the process is gone.

    Where a step compiled by XLA runs out of memory, TensorFlow 2.21 frees the network's
    variables, and again when they are dropped: the process aborts, if only at its end, and
    its exit code is lost.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(error))
