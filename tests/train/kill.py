"""Trains, kills the training without warning at times drawn from a seed, and goes on.

Used by the tests and by `benchmarks/hundred_kills.py`; what is killed is a real process.
"""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import open_bundle
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError
from tellapart.sections import ImageSpec
from tellapart.train.checkpoints import load_checkpoint
from tellapart.train.history import History

TIMINGS = {"seconds", "images_per_second"}

EVERYTHING = (
    "augment.flip=true",
    "augment.shift=0.1",
    "augment.crop=0.8",
    "augment.erase=0.3",
    "augment.mixup=0.2",
    "optimizer.name=muon",
    "optimizer.clip_norm=1",
    "optimizer.ema=0.98",
    "optimizer.weight_decay=0.01",
    "fit.class_weights=balanced",
    "fit.label_smoothing=0.1",
    "fit.keep=best",
    "fit.patience=2",
)
RECIPES = {
    "guide": ["--recipe", "guide", "--epochs", "2"],
    "everything": ["--recipe", "fast", "--epochs", "3", *(f"--set={each}" for each in EVERYTHING)],
}
"""The guide's, and one that asks for all that keeps a state or draws numbers."""


@dataclass(frozen=True)
class Plan:
    """How a training is disturbed.

    Attributes:
        backend: Keras' backend.
        recipe: One of `RECIPES`.
        seed: Of the moments of the kills.
        kills: How many, at most.
        after: Seconds from a process's first checkpoint to its end, at most.
        life: Seconds from the start of a process to its end, at most, where the first kill is
            over; 0 has every kill wait for a checkpoint.
    """

    backend: str
    recipe: str = "guide"
    seed: int = 0
    kills: int = 3
    after: float = 0.25
    life: float = 0.0


@dataclass(frozen=True)
class Ended:
    """What a training came to in the end.

    Attributes:
        weights: Of its bundle.
        history: Its epochs, without what the clock says.
        kills: How often it was killed.
        lost: How many of the kills left no checkpoint that loads.
    """

    weights: dict[str, NDArray[np.generic]]
    history: list[dict[str, float]]
    kills: int = 0
    lost: int = 0

    def has_weights_of(self, other: "Ended") -> bool:
        """Return whether all weights are the same, bit for bit."""
        return self.weights.keys() == other.weights.keys() and all(
            value.dtype == other.weights[name].dtype
            and value.tobytes() == other.weights[name].tobytes()
            for name, value in self.weights.items()
        )


def write_slice(fashion: Dataset, path: Path) -> Path:
    """Write a file of 6,000 real images to train on and 500 to test on."""
    arrays: dict[str, Any] = {}
    for name, samples, count in (("train", fashion.train, 6000), ("test", fashion.test, 500)):
        part = samples.take(np.arange(count))
        arrays[f"x_{name}"], arrays[f"y_{name}"] = part.decode(ImageSpec()).pixels, part.targets
    np.savez(path, **arrays)
    return path


def command(data: Path, output: Path, recipe: str = "guide") -> list[str]:
    """Return the command line of the training, for a .npz file of data."""
    words = ["train", str(data), *RECIPES[recipe], "--save-every", "0", "-q"]
    return [sys.executable, "-m", "tellapart", *words, "--output", str(output)]


def resume_command(run: Path) -> list[str]:
    """Return the command line that goes on with a run."""
    words = ["train", "--resume", str(run), "-q", "--save-every", "0"]
    return [sys.executable, "-m", "tellapart", *words]


def outcome(run: Path, kills: int = 0, lost: int = 0) -> Ended:
    """Return what a finished run holds."""
    history = History.from_jsonl((run / "history.jsonl").read_text("utf-8"))
    rows = [record.model_dump(exclude=TIMINGS) for record in history]
    return Ended(dict(open_bundle(run / "model.tellapart").weights), rows, kills, lost)


def train_whole(data: Path, output: Path, backend: str, recipe: str = "guide") -> Ended:
    """Train in a process of its own, left alone."""
    words = command(data, output, recipe)
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run(words, check=True, capture_output=True, env=environment)
    return outcome(output / f"{data.stem}-1")


def train_and_kill(data: Path, output: Path, plan: Plan) -> Ended:
    """Train in a process of its own, killed some times on the way.

    The first kill comes a random while after the first checkpoint; of the others, where the
    plan has a `life`, a third anywhere in a process's life: while it starts, trains, saves,
    scores or draws.
    """
    draw, killed, lost = random.Random(plan.seed), 0, 0
    words, run = command(data, output, plan.recipe), output / f"{data.stem}-1"
    while True:
        from_start = killed > 0 and plan.life > 0 and draw.random() < 1 / 3
        wait = draw.uniform(0.0, plan.life if from_start else plan.after)
        left = wait if killed < plan.kills else None
        if not train_until_killed(words, run, plan.backend, left, from_start=from_start):
            return outcome(run, killed, lost)
        killed += 1
        lost += not has_whole_checkpoint(run)
        words = resume_command(run)


def train_until_killed(
    words: list[str], run: Path, backend: str, wait: float | None, *, from_start: bool = False
) -> bool:
    """Run one process, and return whether it was killed before it was finished.

    Args:
        words: Its command line.
        run: The folder it writes to.
        backend: Keras' backend.
        wait: Seconds from its first checkpoint to the kill; `None` leaves it alone.
        from_start: Wait from the start of the process instead.

    Raises:
        RuntimeError: It ended in another way.
    """
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    if wait is not None and (from_start or _wait_for_news(process, run)):
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    if process.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(errors.decode())
    return process.returncode != 0


def has_whole_checkpoint(run: Path) -> bool:
    """Return whether there is a checkpoint to go on from, and no damaged one."""
    paths = list((run / "checkpoints").glob("epoch-*"))
    try:
        return bool([load_checkpoint(path) for path in paths])
    except BundleError:
        return False


def _wait_for_news(process: subprocess.Popen[bytes], run: Path) -> bool:
    """Return whether a process has written a checkpoint, before it ended."""
    before = set(_checkpoints(run))
    while process.poll() is None:
        if set(_checkpoints(run)) - before:
            return True
        time.sleep(0.002)
    return False


def _checkpoints(run: Path) -> list[str]:
    return [path.name for path in (run / "checkpoints").glob("epoch-*")]
