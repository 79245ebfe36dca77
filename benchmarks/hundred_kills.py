"""A hundred kills without warning, at seeded random moments, over several runs.

Every run is killed again and again, gone on with until it is finished, and compared with
one that was left alone. The first kill of a run comes after its first checkpoint; the others
anywhere in the life of a process: while it starts, trains, saves, scores or draws. Usage:
python benchmarks/hundred_kills.py [--kills 100] [--kills-a-run 10] [--backend jax]
"""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from processes import machine

import tellapart

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "train"))
from kill import (
    Ended,
    command,
    has_whole_checkpoint,
    outcome,
    resume_command,
    train_until_killed,
    train_whole,
    write_slice,
)

LONGEST_WAIT = 3.0
"""Seconds from a process's first checkpoint to its end, at most: past the last epoch."""

LONGEST_LIFE = 10.0
"""Seconds from the start of a process to its end, where that is what is drawn."""


@dataclass
class Tally:
    """Is what is counted."""

    kills: int = 0
    resumes: int = 0
    runs: int = 0
    with_equal_weights: int = 0
    with_equal_history: int = 0
    kills_that_left_no_loadable_checkpoint: int = 0
    seeds_of_unequal_runs: list[int] = field(default_factory=list)

    def add(self, ended: Ended, expected: Ended, seed: int) -> None:
        """Count a finished run."""
        same_weights = ended.has_weights_of(expected)
        same_history = ended.history == expected.history
        self.runs += 1
        self.with_equal_weights += same_weights
        self.with_equal_history += same_history
        if not (same_weights and same_history):
            self.seeds_of_unequal_runs.append(seed)


def _disturb(data: Path, output: Path, backend: str, seed: int, most: int, tally: Tally) -> Ended:
    """Train, with at most so many kills, and count them."""
    draw, run, killed = random.Random(seed), output / f"{data.stem}-1", 0
    words = command(data, output)
    while True:
        from_start = killed > 0 and draw.random() < 1 / 3
        wait = draw.uniform(0.0, LONGEST_LIFE if from_start else LONGEST_WAIT)
        left = wait if killed < most else None
        if not train_until_killed(words, run, backend, left, from_start=from_start):
            return outcome(run, killed)
        killed += 1
        tally.kills += 1
        tally.resumes += 1
        tally.kills_that_left_no_loadable_checkpoint += not has_whole_checkpoint(run)
        words = resume_command(run)


def main() -> None:
    """Kill, go on, compare, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--kills-a-run", type=int, default=10)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally, began = Tally(), time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        data = write_slice(tellapart.load("fashion-mnist", quiet=True), Path(name) / "slice.npz")
        expected = train_whole(data, Path(name) / "undisturbed", options.backend)
        seed = options.seed
        while tally.kills < options.kills:
            most = min(options.kills_a_run, options.kills - tally.kills)
            output = Path(name) / f"disturbed-{seed}"
            ended = _disturb(data, output, options.backend, seed, most, tally)
            tally.add(ended, expected, seed)
            sys.stderr.write(f"{json.dumps(vars(tally))}\n")
            seed += 1
    answer = {
        "benchmark": "hundred_kills",
        "machine": machine(),
        "backend": options.backend,
        "seed": options.seed,
        **vars(tally),
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
