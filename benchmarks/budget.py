"""How well a run on a budget keeps its time, and how soon it has a classifier.

Each run is a process of its own on Fashion-MNIST, from its start to its end; the budget covers
evaluation, pictures and page. At the end the bundle is opened.
Usage: python benchmarks/budget.py [--budgets 30 60 180] [--recipes usual guide-holdout]
"usual" is what is taken where no recipe is named.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from processes import machine

import tellapart


def _run(recipe: str, budget: float) -> dict[str, Any]:
    """Return what one run came to."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["train", "fashion-mnist", "--budget", f"{budget:g}s"]
        words += [] if recipe == "usual" else ["--recipe", recipe]
        command = [sys.executable, "-m", "tellapart", *words, "-q", "-o", folder]
        first, began = None, time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
            while child.poll() is None:
                if first is None and any(Path(folder).glob("*/model.tellapart")):
                    first = time.perf_counter() - began
                time.sleep(0.02)
        seconds = time.perf_counter() - began
        if child.returncode:
            raise SystemExit(f"{' '.join(command)} ended with exit code {child.returncode}")
        run = tellapart.open_run(next(Path(folder).iterdir()))
        return {
            "recipe": recipe,
            "budget": budget,
            "seconds": round(seconds, 1),
            "seconds_over_budget": round(seconds / budget, 3),
            "first_bundle_seconds": None if first is None else round(first, 1),
            "epochs": len(run.history),
            "accuracy": run.evaluation.accuracy.value,
            "is_calibrated": run.model.manifest.decisions is not None,
        }


def main() -> None:
    """Measure one after another and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budgets", type=float, nargs="+", default=[30.0, 60.0, 180.0])
    parser.add_argument("--recipes", nargs="+", default=["usual", "guide-holdout"])
    asked = parser.parse_args()
    runs = [_run(recipe, budget) for recipe in asked.recipes for budget in asked.budgets]
    over = [run["seconds_over_budget"] for run in runs]
    answer = {"benchmark": "budget", "machine": machine(), "runs": runs, "worst": max(over)}
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
