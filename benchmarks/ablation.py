"""What each part of a recipe is worth: the recipe, and variants of it that change one thing.

Every variant trains on the same images with the same seeds, in turn, in one process; the
scores are those of the held-out validation images, never of the test images. The seconds
are those of training alone, and the ratio is taken seed by seed against the recipe.
Usage: python benchmarks/ablation.py [--recipe fast] [--seeds 2] [--only NAME ...]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from processes import machine, summary

import tellapart
from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset

Changes = Mapping[str, object]

VARIANTS: Mapping[str, Mapping[str, Changes]] = MappingProxyType(
    {
        "fast": MappingProxyType(
            {
                "as it is": {},
                "the guide's network": {"model.name": "guide-cnn"},
                "adam": {"optimizer.name": "adam", "optimizer.learning_rate": 0.006},
                "half the learning rate": {"optimizer.learning_rate": 0.005},
                "a constant learning rate": {
                    "optimizer.schedule": "constant",
                    "optimizer.warmup": 0.0,
                    "optimizer.learning_rate": 0.004,
                },
                "no label smoothing": {"fit.label_smoothing": 0.0},
                "averaged weights": {"optimizer.ema": 0.98},
                "mirrored pictures": {"augment.flip": True},
                "batches of 64": {"fit.batch_size": 64},
                "batches of 32": {"fit.batch_size": 32, "optimizer.learning_rate": 0.008},
                "one pass": {"fit.epochs": 1},
            }
        ),
    }
)


@dataclass(frozen=True)
class Trained:
    """What one training came to."""

    accuracy: float
    loss: float
    seconds: float


def _train(data: Dataset, name: str, changes: Changes, seed: int) -> Trained:
    from tellapart.data.prepare import prepare
    from tellapart.models.catalogue import build_network, compile_network
    from tellapart.progress import SILENCE
    from tellapart.train.fit import fit
    from tellapart.train.runs import RunFolder
    from tellapart.train.seeding import seed_everything

    recipe = tellapart.load_recipe(name, {**changes, "seed": seed})
    prepared = prepare(data, recipe)
    seed_everything(seed)
    network = build_network(recipe.model.name, recipe.image, len(prepared.class_names))
    compile_network(network, recipe.optimizer)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        history = fit(network, recipe, prepared, RunFolder(Path(folder)), SILENCE)
        seconds = time.perf_counter() - began
    return Trained(history["val_accuracy"][-1], history["val_loss"][-1], seconds)


def _row(found: list[Trained], base: list[Trained]) -> dict[str, Any]:
    accuracies = [one.accuracy for one in found]
    return {
        "validation_accuracy": round(statistics.mean(accuracies), 4),
        "spread": round(statistics.stdev(accuracies), 4) if len(found) > 1 else None,
        "validation_loss": round(statistics.mean(one.loss for one in found), 4),
        "seconds": summary([one.seconds for one in found]),
        "seconds_ratio": summary(
            [one.seconds / other.seconds for one, other in zip(found, base, strict=True)]
        ),
    }


def main() -> None:
    """Train every variant in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", default="fast", choices=[*VARIANTS])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=None)
    options = parser.parse_args()
    prepare_keras()
    data = tellapart.load(options.data, quiet=True)
    variants = VARIANTS[options.recipe]
    base, *others = variants
    names = [base, *(n for n in others if options.only is None or n in options.only)]
    found: dict[str, list[Trained]] = {name: [] for name in names}
    for seed in range(options.seeds):
        for name in names:
            found[name].append(_train(data, options.recipe, variants[name], seed))
            sys.stderr.write(f"seed {seed}  {name}: {found[name][-1]}\n")
    answer = {
        "benchmark": "ablation",
        "machine": machine(),
        "recipe": options.recipe,
        "seeds": options.seeds,
        "variants": {name: _row(rows, found[base]) for name, rows in found.items()},
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
