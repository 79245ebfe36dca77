"""Wrong labels planted in the real Fashion-MNIST: how many are found, and what mending them brings.

Labels of the training images are changed to another class drawn at random. Five networks
judge the images that they have not seen; the labels are ranked in several ways, and the
precision is taken at as many suspects as were planted. Then recipe `fast` is trained on the
clean labels, on the noisy ones, on those corrected by the proposals for that many suspects,
and without these suspects; all are scored on the same test images, whose labels are clean.
What is finished in `--work` is not done again.
Usage: python benchmarks/wrong_labels.py [--share 0.05] [--seeds 3] [--folds 5]
       [--images 60000] [--work runs/wrong-labels]
"""

import argparse
import json
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from processes import machine

import tellapart
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.patch import Correction, patch_to_csv
from tellapart.evaluate.confidence import confident_joint, label_scores, propose
from tellapart.evaluate.paired import compare_paired
from tellapart.files import write_whole
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.folds import out_of_fold
from tellapart.workflow.predictions import read_answers
from tellapart.workflow.runs import Run

Numbers = NDArray[np.int64]
Answers = NDArray[np.float32]


def _margin(targets: Numbers, answers: Answers) -> NDArray[np.float64]:
    best = answers[np.arange(len(targets)), propose(targets, answers)]
    return np.asarray(label_scores(targets, answers) - best, np.float64)


def _entropy_weighted(targets: Numbers, answers: Answers) -> NDArray[np.float64]:
    safe = np.clip(answers.astype(np.float64), 1e-12, 1)
    entropy = -(safe * np.log(safe)).sum(axis=1)
    confidence = np.clip(label_scores(targets, answers), 1e-12, 1)
    return np.asarray(np.log(confidence) / (entropy + 1e-12), np.float64)


def _adjusted(targets: Numbers, answers: Answers) -> NDArray[np.float64]:
    means = np.array([answers[targets == c, c].mean() for c in range(answers.shape[1])])
    return np.asarray(label_scores(targets, answers) - means[targets], np.float64)


RANKINGS: Mapping[str, Callable[[Numbers, Answers], NDArray[np.float64]]] = {
    "self-confidence": label_scores,
    "margin": _margin,
    "self-confidence over entropy": _entropy_weighted,
    "self-confidence less its class's mean": _adjusted,
}


def _precision(wrong: NDArray[np.bool_], scores: NDArray[np.float64], count: int) -> float:
    return float(wrong[np.argsort(scores, kind="stable")[:count]].mean())


def _train(data: Dataset, work: Path, seed: int, patch: Path | None = None) -> Run:
    """Return the finished run in a folder; it is trained if it is not there."""
    for path in sorted(work.glob("*/evaluation.json")):
        return tellapart.open_run(path.parent)
    return tellapart.train(data, "fast", seed=seed, output=work, labels=patch, quiet=True)


def _right(run: Run) -> NDArray[np.bool_]:
    answers = read_answers(RunFolder(run.path))
    assert answers is not None
    return answers.right


def _score(runs: list[Run], clean: list[Run]) -> dict[str, Any]:
    """Return the accuracies, and how far they are below those of the clean runs."""
    values = [run.evaluation.accuracy.value for run in runs]
    pairs = zip(clean, runs, strict=True)
    found = compare_paired(*(np.concatenate(side) for side in zip(*_sides(pairs), strict=True)))
    return {
        "accuracy": [round(value, 4) for value in values],
        "mean": round(statistics.mean(values), 4),
        "points_from_clean": round(100 * found.difference.value, 2),
        "interval": [round(100 * found.difference.low, 2), round(100 * found.difference.high, 2)],
    }


def _sides(pairs: Any) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    return [(_right(one), _right(other)) for one, other in pairs]


def _patches(work: Path, chosen: Numbers, labels: Numbers, proposed: Numbers) -> dict[str, Path]:
    """Write the corrections of the chosen images in both ways, and return the files."""
    names = tellapart.load("fashion-mnist", quiet=True).class_names
    paths = {}
    for name, decision in (("relabelled", "relabel"), ("dropped", "drop")):
        rows = (
            Correction(str(i), names[labels[i]], names[proposed[i]], decision)
            for i in chosen.tolist()
        )
        paths[name] = write_whole(work / f"{name}.patch.csv", patch_to_csv(rows))
    return paths


def main() -> None:
    """Plant, find, mend, train, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--work", type=Path, default=Path("runs/wrong-labels"))
    options = parser.parse_args()
    work, count = options.work, options.images
    fashion = tellapart.load("fashion-mnist", quiet=True)
    pixels, true = fashion.train.decode(ImageSpec()).pixels[:count], fashion.train.targets[:count]
    generator = np.random.default_rng(0)
    planted = generator.permutation(count)[: round(options.share * count)]
    labels = true.copy()
    labels[planted] = (labels[planted] + generator.integers(1, 10, len(planted))) % 10
    test = (fashion.test.decode(ImageSpec()).pixels, fashion.test.targets)
    clean, noisy = (
        from_arrays({"train": (pixels, y), "test": test}, fashion.class_names)
        for y in (true, labels)
    )
    seeds = range(options.seeds)
    runs = {"clean": [_train(clean, work / f"clean-{seed}", seed) for seed in seeds]}
    runs["noisy"] = [_train(noisy, work / f"noisy-{seed}", seed) for seed in seeds]
    found = out_of_fold(
        noisy, load_recipe("fast"), folds=options.folds, output=work / "folds", quiet=True
    )
    assert np.array_equal(found.targets, labels)
    answers, wrong = found.probabilities, labels != true
    proposed = propose(labels, answers)
    chosen = np.argsort(label_scores(labels, answers), kind="stable")[: len(planted)]
    for name, path in _patches(work, chosen, labels, proposed).items():
        runs[name] = [_train(noisy, work / f"{name}-{seed}", seed, path) for seed in seeds]
    joint = confident_joint(labels, answers)
    hit = chosen[wrong[chosen]]
    answer = {
        "benchmark": "wrong_labels",
        "machine": machine(),
        "images": count,
        "planted": len(planted),
        "folds": options.folds,
        "estimated_wrong": int(joint.sum() - joint.trace()),
        "precision_at_planted": {
            name: round(_precision(wrong, score(labels, answers), len(planted)), 4)
            for name, score in RANKINGS.items()
        },
        "proposal_is_the_true_class": round(float((proposed[hit] == true[hit]).mean()), 4),
        "test": {name: _score(each, runs["clean"]) for name, each in runs.items()},
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
