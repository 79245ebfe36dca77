"""What saving costs a training: how long it waits for a save, and the share of its time.

The same training, saving often and only after epochs, in turn. A save costs what the
training waits for it (its copy of the state), and what the writing beside takes from it;
the first is measured in place, both together by the difference of the two trainings.
Usage: python benchmarks/checkpoint_cost.py [--save-every 2] [--epochs 1] [--repeats 3]
"""

import argparse
import cProfile
import json
import pstats
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from processes import machine, summary

import tellapart
from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset

NEVER = 1e9


@dataclass(frozen=True)
class Trained:
    """What one training took.

    Attributes:
        seconds: From its beginning to its end.
        stall: Seconds that it waited for its saves.
        saves: How many there were.
        size_bytes: Of one checkpoint.
    """

    seconds: float
    stall: float
    saves: int
    size_bytes: int


def _train(data: Dataset, recipe: tellapart.Recipe, parent: Path, save_every: float) -> Trained:
    """Train once from the beginning, with the training's own thread watched."""
    from tellapart.data.prepare import prepare
    from tellapart.models.catalogue import build_network, compile_network
    from tellapart.progress import SILENCE
    from tellapart.train.fit import fit
    from tellapart.train.options import FitOptions
    from tellapart.train.runs import RunFolder
    from tellapart.train.seeding import seed_everything

    seed_everything(recipe.seed)
    prepared = prepare(data, recipe)
    network = build_network(recipe.model.name, recipe.image, len(prepared.class_names))
    compile_network(network, recipe.optimizer)
    run = RunFolder.create(parent, "cost")
    profile, began = cProfile.Profile(), time.perf_counter()
    options = FitOptions(save_every=save_every)
    profile.runcall(fit, network, recipe, prepared, run, SILENCE, options)
    seconds = time.perf_counter() - began
    saves, stall = _saving(profile)
    [*_, newest] = sorted(run.checkpoints.glob("*.safetensors"))
    return Trained(seconds, stall, saves, newest.stat().st_size)


def _saving(profile: cProfile.Profile) -> tuple[int, float]:
    """Return how often the loop saved, and how many seconds of its thread that took."""
    rows = pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    [(calls, seconds)] = [
        (row[0], row[3])
        for (file, _, name), row in rows
        if name == "_save" and Path(file).match("train/fit.py")
    ]
    return calls, seconds


def _compare(pairs: list[tuple[Trained, Trained]], default: float) -> dict[str, object]:
    """Return what the trainings that save often took over those that do not."""
    stalls = [often.stall / often.saves for often, _ in pairs]
    differences = [
        (often.seconds - seldom.seconds) / max(often.saves - seldom.saves, 1)
        for often, seldom in pairs
    ]
    return {
        "seconds_saving_often": summary([often.seconds for often, _ in pairs]),
        "seconds_saving_after_epochs": summary([seldom.seconds for _, seldom in pairs]),
        "saves": [(often.saves, seldom.saves) for often, seldom in pairs],
        "stall_seconds_a_save": summary(stalls),
        "extra_seconds_a_save": summary(differences),
        "default_interval_seconds": default,
        "stall_share_at_default": round(statistics.median(stalls) / default, 6),
        "share_at_default": round(statistics.median(differences) / default, 6),
        "checkpoint_bytes": pairs[0][0].size_bytes,
    }


def main() -> None:
    """Train in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--recipe", default="guide")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=2.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    options = parser.parse_args()
    prepare_keras(options.backend)
    from tellapart.train.saver import INTERVAL

    data = tellapart.load(options.data, quiet=True)
    recipe = tellapart.load_recipe(options.recipe, {"fit.epochs": options.epochs})
    pairs = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(options.repeats):
            often = _train(data, recipe, Path(name), options.save_every)
            pairs.append((often, _train(data, recipe, Path(name), NEVER)))
            sys.stderr.write(f"pair {number + 1} of {options.repeats}\n")
    answer = {
        "benchmark": "checkpoint_cost",
        "machine": machine(),
        "backend": options.backend,
        "epochs": options.epochs,
        "repeats": options.repeats,
        "save_every": options.save_every,
        "figures": _compare(pairs, INTERVAL),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
