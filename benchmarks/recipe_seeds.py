"""What a recipe reaches: mean and spread of its test accuracy over several seeds, and its time.

Each seed is one whole process, `tellapart train`. Usage:
python benchmarks/recipe_seeds.py guide [--data fashion-mnist] [--seeds 5] [--output runs/seeds]
"""

import argparse
import json
import statistics
import sys

from processes import machine, measure, summary


def main() -> None:
    """Train once a seed and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe")
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", default="runs/seeds")
    options = parser.parse_args()
    accuracies, losses, seconds = [], [], []
    for seed in range(options.seeds):
        words = ["train", options.data, "--recipe", options.recipe, "--seed", str(seed)]
        words += ["--output", options.output, "--json", "--quiet"]
        found = measure([sys.executable, "-m", "tellapart", *words])
        scores = json.loads(found.output)["evaluation"]
        accuracies.append(scores["accuracy"]["value"])
        losses.append(scores["loss"])
        seconds.append(found.seconds)
        sys.stderr.write(f"seed {seed}: {accuracies[-1]:.4f} in {found.seconds:.0f} s\n")
    answer = {
        "benchmark": "recipe_seeds",
        "machine": machine(),
        "recipe": options.recipe,
        "data": options.data,
        "seeds": options.seeds,
        "test_accuracy": {
            "mean": round(statistics.mean(accuracies), 4),
            "spread": round(statistics.stdev(accuracies), 4) if options.seeds > 1 else None,
            "each": accuracies,
        },
        "test_loss": summary(losses),
        "seconds": summary(seconds),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
