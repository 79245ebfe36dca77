"""What the rules for "unsure" and "unknown" are worth, on Fashion-MNIST with recipe fast.

`coverage`: one training; the test images are split 100 times into halves, rules are fitted on
one half and scored on the other. `unknown`: five trainings, each without two of the classes;
the classifier is shown these, noise, inverted pictures of known classes, and the handwritten
digits of scikit-learn (8×8, enlarged to 28×28).
Usage: python benchmarks/answers.py [--only coverage|unknown] [--output runs/answers]
"""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image
from processes import machine, summary
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

import tellapart
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.evaluate.answers import score_answers
from tellapart.evaluate.conformal import set_threshold
from tellapart.evaluate.decide import fit_decisions
from tellapart.sections import AnswersSection, ImageSpec
from tellapart.verdicts import calibrate

PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
SPLITS = 100


def _pixels(data: Dataset) -> dict[str, tuple[Any, Any]]:
    return {
        name: (samples.decode(ImageSpec()).pixels, samples.targets)
        for name, samples in data.splits.items()
    }


def _digits() -> Any:
    """Return the digits as `(1797, 28, 28, 1)`, uint8, white on black."""
    grey = [np.round(digit * 255 / 16).astype(np.uint8) for digit in load_digits().images]
    large = [Image.fromarray(d).resize((28, 28), Image.Resampling.BILINEAR) for d in grey]
    return np.stack([np.asarray(picture) for picture in large])[..., None]


def _sets(scores: Any, targets: Any, threshold: float) -> dict[str, Any]:
    """Return coverage, mean size and share of empty sets where a class is in from a score on."""
    sets = scores >= threshold
    sizes = sets.sum(axis=1)
    held = sets[np.arange(len(targets)), targets]
    return {
        "coverage": held.mean(),
        "size": sizes.mean(),
        "empty": (sizes == 0).mean(),
        "worst class": min(held[targets == target].mean() for target in np.unique(targets)),
    }


def _adaptive(shares: Any, random: Any) -> Any:
    """Return randomised adaptive scores (Romano, Sesia and Candès 2020), high is likely."""
    order = np.argsort(-shares, axis=1)
    ranked = np.take_along_axis(shares, order, axis=1)
    before = ranked.cumsum(axis=1) - ranked * random.random((len(shares), 1))
    scores = np.empty_like(shares)
    np.put_along_axis(scores, order, 1.0 - before, axis=1)
    return scores


def measure_coverage(data: Dataset, output: str) -> dict[str, Any]:
    """Train once, and fit and score rules on 100 random halves of the test images."""
    run = tellapart.train(data, "fast", output=output, quiet=True)
    pixels, targets = _pixels(data)["test"]
    answers, verdicts = run.model.judge(pixels)
    novelty = None if verdicts is None else verdicts.novelty
    shares, random = answers.probabilities, np.random.default_rng(0)
    rows: dict[str, list[Any]] = {"least ambiguous": [], "adaptive": [], "product": []}
    for _ in range(SPLITS):
        order = random.permutation(len(targets))
        fit, score = order[: len(order) // 2], order[len(order) // 2 :]
        known = None if novelty is None else novelty[fit]
        rules = fit_decisions(shares[fit], targets[fit], known, AnswersSection())
        cool = calibrate(shares, rules.temperature)
        rows["least ambiguous"].append(_sets(cool[score], targets[score], rules.set_threshold))
        adaptive = _adaptive(cool, random)
        true = adaptive[np.arange(len(targets)), targets][fit]
        threshold = set_threshold(true, rules.coverage)
        rows["adaptive"].append(_sets(adaptive[score], targets[score], threshold))
        rest = None if novelty is None else novelty[score]
        found = score_answers(rules, targets[score], shares[score], rest)
        rows["product"].append(found.model_dump(exclude={"samples", "risk", "coverage"}))
    coverages = np.array([row["coverage"] for row in rows["least ambiguous"]])
    errors = np.array([row["answered_error"] for row in rows["product"]])
    return {
        "accuracy": run.evaluation.accuracy.value,
        "test": None if run.evaluation.answers is None else run.evaluation.answers.model_dump(),
        "splits": SPLITS,
        "mean_coverage": float(coverages.mean()),
        "splits_within_0.895_and_0.91": int(((coverages >= 0.895) & (coverages <= 0.91)).sum()),
        "splits_above_the_risk": int((errors > AnswersSection().risk).sum()),
        **{name: _columns(found) for name, found in rows.items()},
    }


def _columns(rows: list[Any]) -> dict[str, Any]:
    names = rows[0]
    return {name: summary([float(row[name]) for row in rows]) for name in names}


def measure_unknown(data: Dataset, output: str) -> dict[str, Any]:
    """Train without two classes, five times, and show what was not seen."""
    parts, digits = _pixels(data), _digits()
    noise = np.random.default_rng(0).integers(0, 256, (2000, 28, 28, 1), dtype=np.uint8)
    rows = []
    for pair in PAIRS:
        known = [target for target in range(10) if target not in pair]
        chosen = {name: np.isin(targets, known) for name, (_, targets) in parts.items()}
        splits = {
            name: (pixels[chosen[name]], np.searchsorted(known, targets[chosen[name]]))
            for name, (pixels, targets) in parts.items()
        }
        names = [data.class_names[target] for target in known]
        run = tellapart.train(
            from_arrays(splits, names, name="known"), "fast", output=output, quiet=True
        )
        foreign = {
            "held-out classes": parts["test"][0][~chosen["test"]],
            "noise": noise,
            "inverted": 255 - splits["test"][0],
            "digits": digits,
        }
        rows.append(_compare(run.model, splits["test"][0], foreign))
        held = [data.class_names[target] for target in pair]
        sys.stderr.write(f"without {held}: {rows[-1]}\n")
    kinds = list(rows[0]["auroc"])
    means = {kind: float(np.mean([row["auroc"][kind] for row in rows])) for kind in kinds}
    found = {kind: float(np.mean([row["found"][kind] for row in rows])) for kind in kinds}
    return {
        "mean_auroc": float(np.mean(list(means.values()))),
        "auroc": means,
        "called_unknown": found,
        "known_called_unknown": float(np.mean([row["known_called_unknown"] for row in rows])),
        "pairs": {
            " and ".join(data.class_names[target] for target in pair): row
            for pair, row in zip(PAIRS, rows, strict=True)
        },
    }


def _compare(model: Any, known: Any, foreign: Mapping[str, Any]) -> dict[str, Any]:
    verdicts = {name: model.judge(pixels)[1] for name, pixels in {"": known, **foreign}.items()}
    usual = verdicts.pop("")
    return {
        "auroc": {
            name: roc_auc_score(
                np.repeat([0, 1], [len(usual.novelty), len(found.novelty)]),
                np.concatenate([usual.novelty, found.novelty]),
            )
            for name, found in verdicts.items()
        },
        "found": {name: (found.kinds == "unknown").mean() for name, found in verdicts.items()},
        "known_called_unknown": float((usual.kinds == "unknown").mean()),
    }


def main() -> None:
    """Measure and print one JSON document."""
    parts = {"coverage": measure_coverage, "unknown": measure_unknown}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*parts])
    parser.add_argument("--output", default="runs/answers")
    options = parser.parse_args()
    data = tellapart.load("fashion-mnist", quiet=True)
    chosen = {options.only: parts[options.only]} if options.only else parts
    found = {name: part(data, options.output) for name, part in chosen.items()}
    print(json.dumps({"benchmark": "answers", "machine": machine(), **found}, indent=2))


if __name__ == "__main__":
    main()
