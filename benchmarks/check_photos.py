"""Copies planted among few real photos: what is found, and what is flagged beside it.

From a folder of photos some are drawn, and of a tenth of them (5 to 50) each a copy of each
kind is added. A copy counts as found where it and its original are in one cluster; photos of
which nothing was copied are flagged where they are in a cluster with another one.
Usage: python benchmarks/check_photos.py FOLDER [--first 1] [--sizes 50 100 200 500] [--draws 5]
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from planted import COPIES, Pixels
from processes import machine

from tellapart.data.duplicates import find_duplicates
from tellapart.data.measures import join_measures, measure

ENDINGS = {".jpg", ".jpeg", ".png", ".webp"}


def _draw(paths: list[Path], size: int, seed: int) -> dict[str, Any]:
    """Return the share found of each kind in one draw, and how many clean photos are flagged."""
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(len(paths))[:size]
    photos = [np.asarray(Image.open(paths[i]).convert("RGB")) for i in chosen]
    each = min(50, max(5, size // 10))
    originals = generator.permutation(size)[: each * len(COPIES)].reshape(len(COPIES), -1)
    made: list[Pixels] = [
        make(photos[i], generator)
        for make, row in zip(COPIES.values(), originals, strict=True)
        for i in row
    ]
    measures = join_measures([measure(picture[np.newaxis]) for picture in (*photos, *made)])
    near = find_duplicates(measures).near
    found = {
        kind: float((near[row] == near[size + number * each + np.arange(each)]).mean())
        for number, (kind, row) in enumerate(zip(COPIES, originals, strict=True))
    }
    sizes = np.bincount(near[:size], minlength=int(near.max()) + 1)
    clean = np.ones(size, np.bool_)
    clean[originals] = False
    flagged = int(((sizes[near[:size]] > 1) & clean).sum())
    return {"found": found, "clean": int(clean.sum()), "flagged": flagged}


def main() -> None:
    """Draw, plant, look and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=1, help="0 or 1: which half, every second")
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 500])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seed", type=int, default=100)
    options = parser.parse_args()
    files = sorted(p for p in options.folder.rglob("*") if p.suffix.lower() in ENDINGS)
    paths = files[options.first :: 2]
    rows = {}
    for size in options.sizes:
        began = time.process_time()
        draws = [_draw(paths, size, options.seed + number) for number in range(options.draws)]
        rows[str(size)] = {
            "found": {
                kind: round(float(np.mean([draw["found"][kind] for draw in draws])), 3)
                for kind in COPIES
            },
            "clean": sum(draw["clean"] for draw in draws),
            "flagged": sum(draw["flagged"] for draw in draws),
            "processor_seconds_a_draw": round((time.process_time() - began) / options.draws, 1),
        }
    answer = {
        "benchmark": "check_photos",
        "machine": machine(),
        "photos": len(paths),
        "draws": options.draws,
        "photos_drawn": rows,
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
