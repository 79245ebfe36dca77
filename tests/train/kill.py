"""Trains, kills the training without warning at times drawn from a seed, and goes on.

Used by the tests and by `benchmarks/kills.py`; what is killed is a real process.
"""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import open_bundle
from tellapart.train.history import History

TIMINGS = {"seconds", "images_per_second"}


@dataclass(frozen=True)
class Ended:
    """What a training came to in the end."""

    weights: dict[str, NDArray[np.generic]]
    history: list[dict[str, float]]
    kills: int


def command(data: Path, output: Path) -> list[str]:
    """Return the command line of the training, for a .npz file of data."""
    words = ["train", str(data), "--recipe", "guide", "--epochs", "2", "--save-every", "0"]
    return [sys.executable, "-m", "tellapart", *words, "-q", "--output", str(output)]


def outcome(run: Path, kills: int = 0) -> Ended:
    """Return what a finished run holds."""
    history = History.from_jsonl((run / "history.jsonl").read_text("utf-8"))
    rows = [record.model_dump(exclude=TIMINGS) for record in history]
    return Ended(dict(open_bundle(run / "model.tellapart").weights), rows, kills)


def train_whole(data: Path, output: Path, backend: str) -> Ended:
    """Train in a process of its own, left alone."""
    words = command(data, output)
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run(words, check=True, capture_output=True, env=environment)
    return outcome(output / f"{data.stem}-1")


def train_and_kill(data: Path, output: Path, backend: str, seed: int, kills: int) -> Ended:
    """Train in a process of its own, killed some times on the way.

    Each kill comes a random while after the first checkpoint that the process wrote.
    """
    draw, done = random.Random(seed), 0
    words = command(data, output)
    run = output / f"{data.stem}-1"
    while True:
        process = subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "KERAS_BACKEND": backend},
        )
        if done < kills and _wait_for_news(process, run):
            time.sleep(draw.uniform(0.0, 0.25))
            process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        if process.returncode == 0:
            return outcome(run, done)
        if process.returncode != -signal.SIGKILL:
            raise RuntimeError(errors.decode())
        done += 1
        words = [*command(data, output)[:3], "train", "--resume", str(run), "-q"]
        words += ["--save-every", "0"]


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
