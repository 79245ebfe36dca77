"""A hundred kills without warning, at seeded random moments, over several runs.

Every run is killed again and again, gone on with until it is finished, and compared with
one that was left alone. The first kill of a run comes after its first checkpoint; the others
anywhere in the life of a process: while it starts, trains, saves, scores or draws. Usage:
python benchmarks/hundred_kills.py [--kills 100] [--kills-a-run 10] [--backend jax]
[--recipe everything]
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from processes import machine

import tellapart

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "train"))
from kill import RECIPES, Ended, Plan, train_and_kill, train_whole, write_slice

LONGEST_WAIT = 3.0
"""Seconds from a process's first checkpoint to its end, at most: past the last epoch."""

LONGEST_LIFE = 10.0
"""Seconds from the start of a process to its end, where that is what is drawn."""


@dataclass
class Tally:
    """Is what is counted."""

    kills: int = 0
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
        self.kills += ended.kills
        self.kills_that_left_no_loadable_checkpoint += ended.lost
        self.with_equal_weights += same_weights
        self.with_equal_history += same_history
        if not (same_weights and same_history):
            self.seeds_of_unequal_runs.append(seed)


def main() -> None:
    """Kill, go on, compare, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--kills-a-run", type=int, default=10)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--recipe", default="guide", choices=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally, began = Tally(), time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        data = write_slice(tellapart.load("fashion-mnist", quiet=True), Path(name) / "slice.npz")
        whole = Path(name) / "undisturbed"
        expected = train_whole(data, whole, options.backend, options.recipe)
        seed = options.seed
        while tally.kills < options.kills:
            most = min(options.kills_a_run, options.kills - tally.kills)
            plan = Plan(
                options.backend, options.recipe, seed, most, after=LONGEST_WAIT, life=LONGEST_LIFE
            )
            ended = train_and_kill(data, Path(name) / f"disturbed-{seed}", plan)
            tally.add(ended, expected, seed)
            sys.stderr.write(f"{json.dumps(vars(tally))}\n")
            seed += 1
    answer = {
        "benchmark": "hundred_kills",
        "machine": machine(),
        "backend": options.backend,
        "recipe": options.recipe,
        "seed": options.seed,
        **vars(tally),
        "seconds": round(time.perf_counter() - began, 1),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
