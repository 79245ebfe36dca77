"""The checks on the whole of Fashion-MNIST with faults planted in it: seconds, and what is found.

Fifty faults of each kind are appended to the training images of a data set otherwise as it
is; a fault counts as found where its copy and its original are in one cluster, or where the
finding names the picture. Pictures that were not touched and are named by a finding are
counted as flagged, although Fashion-MNIST has some near-duplicates of its own.
Usage: python benchmarks/check_speed.py [--each 50] [--images 70000] [--seed 0]
"""

import argparse
import io
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from processes import machine

import tellapart
from tellapart.check.catalogue import CHECKS
from tellapart.check.finding import Evidence
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import find_duplicates
from tellapart.data.survey import survey_dataset
from tellapart.sections import ImageSpec

Pixels = NDArray[np.uint8]
Fault = Callable[[Pixels, np.random.Generator], Pixels]
FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def _encode(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(generator.integers(60, 96)))
    return np.asarray(Image.open(file), np.uint8)


def _resize(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    side = int(generator.choice([20, 22, 24, 36, 40, 56]))
    way = FILTERS[generator.integers(len(FILTERS))]
    return np.asarray(Image.fromarray(pixels).resize((side, side), way).resize((28, 28), way))


def _crop(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    top, bottom, left, right = generator.integers(0, 3, 4)
    top += top + bottom + left + right == 0
    part = Image.fromarray(pixels[top : 28 - bottom, left : 28 - right])
    return np.asarray(part.resize((28, 28), Image.Resampling.BICUBIC))


def _brighten(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    lit = pixels * generator.uniform(1.1, 1.35) + generator.uniform(0, 20)
    return lit.clip(0, 255).round().astype(np.uint8)


def _blur(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    radius = float(generator.uniform(2.0, 3.0))
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


COPIES: Mapping[str, Fault] = {
    "exact": lambda pixels, _: pixels,
    "re-encoded": _encode,
    "resized": _resize,
    "mirrored": lambda pixels, _: pixels[:, ::-1],
    "cropped": _crop,
    "brightened": _brighten,
}
BAD: Mapping[str, Fault] = {
    "blank": lambda pixels, generator: np.full_like(pixels, generator.integers(256)),
    "dark": lambda pixels, _: (pixels * 0.08).astype(np.uint8),
    "blurred": _blur,
}


def _plant(data: Dataset, options: argparse.Namespace) -> tuple[Dataset, dict[str, Any]]:
    """Return the data with faults at their end, and the original of each fault by kind."""
    generator = np.random.default_rng(options.seed)
    pixels, targets = (
        np.concatenate(parts)[: options.images]
        for parts in zip(
            *((s.decode(ImageSpec()).pixels[..., 0], s.targets) for s in data.splits.values()),
            strict=True,
        )
    )
    faults = {**COPIES, **BAD}
    chosen = generator.permutation(len(pixels))[: options.each * len(faults)]
    originals = dict(zip(faults, chosen.reshape(len(faults), -1), strict=True))
    made = [fault(pixels[i], generator) for kind, fault in faults.items() for i in originals[kind]]
    images = np.concatenate([pixels, np.stack(made)])
    labels = np.concatenate([targets, targets[chosen]])
    return from_arrays({"train": (images, labels)}, data.class_names), originals


def _found(evidence: Evidence, originals: dict[str, Any], each: int) -> dict[str, float]:
    """Return the share of each kind of fault that was found."""
    first = len(evidence.survey) - each * len(originals)
    places = {kind: first + each * n + np.arange(each) for n, kind in enumerate(originals)}
    found = {}
    for kind in COPIES:
        clusters = evidence.duplicates.exact if kind == "exact" else evidence.duplicates.near
        found[kind] = float((clusters[places[kind]] == clusters[originals[kind]]).mean())
    for kind in BAD:
        named = {name for finding in CHECKS[kind](evidence) for name in finding.files}
        found[kind] = float(np.mean([evidence.survey.names[i] in named for i in places[kind]]))
    return {kind: round(share, 3) for kind, share in found.items()}


def _flagged(evidence: Evidence, originals: dict[str, Any], each: int) -> dict[str, Any]:
    """Return how many untouched pictures are in a cluster, without the planted ones."""
    first = len(evidence.survey) - each * len(originals)
    clusters = evidence.duplicates.near
    sizes = np.bincount(clusters[:first], minlength=int(clusters.max()) + 1)
    clean = np.ones(first, np.bool_)
    clean[np.concatenate(list(originals.values()))] = False
    doubled = (sizes[clusters[:first]] > 1) & clean
    bad = [f.count for kind in (*BAD, "tiny", "odd-aspect") for f in CHECKS[kind](evidence)]
    most_bad = max(0, sum(bad) - each * len(BAD))
    return {
        "clean": int(clean.sum()),
        "in_clusters": int(doubled.sum()),
        "by_quality": most_bad,
        "share": round((int(doubled.sum()) + most_bad) / int(clean.sum()), 5),
        "largest_cluster": int(sizes.max()),
    }


def main() -> None:
    """Plant, check and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=50)
    parser.add_argument("--images", type=int, default=70_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data, originals = _plant(tellapart.load("fashion-mnist", quiet=True), options)
    began, cpu_began = time.perf_counter(), time.process_time()
    survey = survey_dataset(data)
    surveyed = time.perf_counter()
    evidence = Evidence(survey, find_duplicates(survey.facts.measures))
    clustered = time.perf_counter()
    findings = [finding for check in CHECKS.values() for finding in check(evidence)]
    ended, cpu_ended = time.perf_counter(), time.process_time()
    answer = {
        "benchmark": "check_speed",
        "machine": machine(),
        "images": len(survey),
        "faults_of_each_kind": options.each,
        "seconds": {
            "survey": round(surveyed - began, 1),
            "duplicates": round(clustered - surveyed, 1),
            "checks": round(ended - clustered, 1),
            "all": round(ended - began, 1),
            "processor": round(cpu_ended - cpu_began, 1),
        },
        "found": _found(evidence, originals, options.each),
        "flagged_clean": _flagged(evidence, originals, options.each),
        "findings": {f.check: f.count for f in findings},
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
