"""The checks on the whole of Fashion-MNIST with faults planted in it: seconds, and what is found.

Fifty faults of each kind are added to a data set otherwise as it is. A copy counts as found
where it and its original are in one cluster; any other fault where the finding of its check
names the picture or, for shortcuts, the class. Tiny and odd pictures and shortcuts are planted
in files. Pictures that were not touched and are in a cluster, or named by a finding about
quality, count as flagged, although Fashion-MNIST has some near-duplicates of its own; for
shortcuts, classes count of folders where chance alone decides who has the property.
Usage: python benchmarks/check_speed.py [--each 50] [--images 70000] [--files 1000] [--seed 0]
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from planted import (
    BAD,
    COPIES,
    CROSSING,
    SHAPES,
    SHORTCUTS,
    Planted,
    plant,
    write_shapes,
    write_shortcut,
)
from processes import machine

import tellapart
from tellapart.check.catalogue import CHECKS, gather_evidence
from tellapart.check.finding import Evidence
from tellapart.data.dataset import Dataset
from tellapart.data.duplicates import find_duplicates
from tellapart.data.folder import from_folder
from tellapart.data.survey import survey_dataset
from tellapart.sections import ImageSpec


def _in_arrays(options: argparse.Namespace) -> tuple[dict[str, Any], Evidence, Planted]:
    """Return seconds, evidence and what was planted, of pictures in memory."""
    data = tellapart.load("fashion-mnist", quiet=True)
    parts = [(s.decode(ImageSpec()).pixels[..., 0], s.targets) for s in data.splits.values()]
    pixels, targets = (np.concatenate(each)[: options.images] for each in zip(*parts, strict=True))
    planted = plant(pixels, targets, len(pixels) // 7, data.class_names, options.each, options.seed)
    began, cpu_began = time.perf_counter(), time.process_time()
    survey = survey_dataset(planted.data)
    surveyed = time.perf_counter()
    evidence = Evidence(survey, find_duplicates(survey.facts.measures))
    clustered = time.perf_counter()
    for check in CHECKS.values():
        check(evidence)
    ended, cpu_ended = time.perf_counter(), time.process_time()
    seconds = {
        "survey": surveyed - began,
        "duplicates": clustered - surveyed,
        "checks": ended - clustered,
        "all": ended - began,
        "processor": cpu_ended - cpu_began,
    }
    return {name: round(value, 1) for name, value in seconds.items()}, evidence, planted


def _named(evidence: Evidence, check: str) -> set[str]:
    return {name for finding in CHECKS[check](evidence) for name in finding.files}


def _found_in_arrays(evidence: Evidence, planted: Planted) -> dict[str, float]:
    """Return the share of each kind of fault that was found."""
    found = {}
    for kind in COPIES:
        clusters = evidence.duplicates.exact if kind == "exact" else evidence.duplicates.near
        same = clusters[planted.faults[kind]] == clusters[planted.originals[kind]]
        found[kind] = float(same.mean())
    for kind in (*BAD, *CROSSING):
        named = _named(evidence, kind)
        names = [evidence.survey.names[i] for i in planted.faults[kind]]
        found[kind] = float(np.mean([name in named for name in names]))
    return {kind: round(share, 3) for kind, share in found.items()}


def _flagged_in_arrays(evidence: Evidence, planted: Planted) -> dict[str, Any]:
    """Return how many untouched pictures are in a cluster without faults, or called bad."""
    clusters, clean = evidence.duplicates.near, planted.clean
    is_fault = np.zeros(len(clusters), np.bool_)
    is_fault[np.concatenate(list(planted.faults.values()))] = True
    sizes = np.bincount(clusters[~is_fault], minlength=int(clusters.max()) + 1)
    doubled = clean & (sizes[clusters] > 1)
    names = np.array(evidence.survey.names)
    bad = clean & np.isin(names, list(set().union(*(_named(evidence, kind) for kind in BAD))))
    return {
        "clean": int(clean.sum()),
        "in_clusters": int(doubled.sum()),
        "by_quality": int(bad.sum()),
        "share": round(float((doubled | bad).sum() / clean.sum()), 5),
        "largest_cluster": int(sizes.max()),
    }


def _in_files(data: Dataset, options: argparse.Namespace) -> dict[str, Any]:
    """Return what was found and flagged of tiny and odd pictures in files."""
    with tempfile.TemporaryDirectory() as folder:
        names = write_shapes(data, Path(folder), options.files, options.each, options.seed)
        evidence = gather_evidence(from_folder(Path(folder)))
    named = {kind: {Path(name).name for name in _named(evidence, kind)} for kind in SHAPES}
    others = set().union(*named.values()) - set().union(*names.values())
    clean = options.files - sum(map(len, names.values()))
    shares = {kind: round(len(named[kind] & names[kind]) / len(names[kind]), 3) for kind in SHAPES}
    return {"found": shares, "clean": clean, "flagged": len(others)}


def _shortcuts(data: Dataset, options: argparse.Namespace) -> dict[str, Any]:
    """Return the share of planted shortcuts that were told, and the classes told by chance."""
    found: dict[str, float] = {}
    wrong, clean = 0, 0
    labels = [name for name in data.class_names if "/" not in name]
    for number, title in enumerate(SHORTCUTS):
        hits = []
        for turn, label in enumerate(["", *labels[number::3]]):
            with tempfile.TemporaryDirectory() as folder:
                seed = options.seed + 100 * turn + number
                write_shortcut(data, Path(folder), options.files, title, label, seed)
                told = CHECKS["shortcuts"](gather_evidence(from_folder(Path(folder))))
            if label:
                start = f"The {title} gives the class {label} away"
                hits.append(any(finding.message.startswith(start) for finding in told))
                told = tuple(f for f in told if not f.message.startswith(start))
            wrong, clean = wrong + len(told), clean + len(data.class_names) - bool(label)
        found[title] = round(float(np.mean(hits)), 3)
    return {"found": found, "clean_classes": clean, "flagged": wrong}


def main() -> None:
    """Plant, check and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=50)
    parser.add_argument("--images", type=int, default=70_000)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seconds, evidence, planted = _in_arrays(options)
    data = tellapart.load("fashion-mnist", quiet=True)
    answer = {
        "benchmark": "check_speed",
        "machine": machine(),
        "images": len(evidence.survey),
        "faults_of_each_kind": options.each,
        "seed": options.seed,
        "seconds": seconds,
        "found": _found_in_arrays(evidence, planted),
        "flagged_clean": _flagged_in_arrays(evidence, planted),
        "shapes_in_files": _in_files(data, options),
        "shortcuts_in_files": _shortcuts(data, options),
        "findings": {
            name: sum(finding.count for finding in check(evidence))
            for name, check in CHECKS.items()
        },
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
