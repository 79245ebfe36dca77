"""What trains a few small grey pictures best: recipes and passes, by the number of pictures.

The pictures are the first of each class of Fashion-MNIST's training images; the last 10,000
training images score, so the test images are never looked at. Every way trains on the same
pictures with the same seeds, in turn, in one process; each run holds out its tenth.
Usage: python benchmarks/few_pictures.py [--pictures 300 3000] [--seeds 3] [--only NAME ...]
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from processes import machine, summary

import tellapart
from tellapart._extras import prepare_keras
from tellapart.sections import ImageSpec

Changes = Mapping[str, object]
Arrays = tuple[NDArray[np.uint8], NDArray[np.int64]]

USUAL = "usual"
WAYS: Mapping[str, tuple[str | None, Changes]] = MappingProxyType(
    {
        USUAL: (None, {}),
        "fast, 2 passes": ("fast", {}),
        "fast, 25 passes": ("fast", {"fit.epochs": 25}),
        "fast, 50 passes of 32": ("fast", {"fit.epochs": 50, "fit.batch_size": 32}),
        "accurate, unmirrored": ("accurate", {"augment.flip": False}),
        "accurate, unmirrored, of 32": (
            "accurate",
            {"augment.flip": False, "fit.batch_size": 32},
        ),
    }
)
SCORING = 10_000


def first_of_each(images: NDArray[np.uint8], labels: NDArray[np.int64], count: int) -> Arrays:
    """Return the first pictures of each class, `count` in all, in their order."""
    classes = np.unique(labels)
    each = count // len(classes)
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == c)[:each] for c in classes]))
    return images[chosen], labels[chosen]


def _train(few: Arrays, scoring: Arrays, way: str, seed: int) -> tuple[float, float]:
    recipe, changes = WAYS[way]
    data = tellapart.load((few, scoring), quiet=True)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        run = tellapart.train(data, recipe, seed=seed, settings=changes, output=folder, quiet=True)
        return run.evaluation.accuracy.value, time.perf_counter() - began


def main() -> None:
    """Train in every way in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[*WAYS], choices=[*WAYS])
    options = parser.parse_args()
    prepare_keras()
    train = tellapart.load("fashion-mnist", quiet=True).train
    images, labels = train.decode(ImageSpec()).pixels[..., 0], train.targets
    scoring = images[-SCORING:], labels[-SCORING:]
    rows: list[dict[str, Any]] = []
    for count in options.pictures:
        few = first_of_each(images[:-SCORING], labels[:-SCORING], count)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in options.only}
        for seed in range(options.seeds):
            for way in options.only:
                found[way].append(_train(few, scoring, way, seed))
                sys.stderr.write(f"{count} pictures, seed {seed}, {way}: {found[way][-1]}\n")
        rows += [{"pictures": count, "way": way, **_row(of)} for way, of in found.items()]
    print(json.dumps({"benchmark": "few_pictures", "machine": machine(), "rows": rows}, indent=2))


def _row(found: list[tuple[float, float]]) -> dict[str, Any]:
    accuracies = [accuracy for accuracy, _ in found]
    return {
        "accuracy": round(statistics.mean(accuracies), 4),
        "spread": round(statistics.stdev(accuracies), 4) if len(found) > 1 else None,
        "seconds": summary([seconds for _, seconds in found]),
    }


if __name__ == "__main__":
    main()
