"""The whole of recipe `fast` against the whole stock script of the guide: time and accuracy.

Both run as whole processes from their start to their end, in turn: ours trains, saves,
scores and draws, stock trains its ten epochs, evaluates and predicts. Ratios are taken pair
by pair. Usage: python benchmarks/fast_vs_guide.py [--repeats 3] [--epochs 10]
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from guide_vs_stock import keras_home, ours, stock
from processes import machine, summary


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10, help="Of the stock script.")
    options = parser.parse_args()
    pairs = []
    with tempfile.TemporaryDirectory() as name:
        home = keras_home(Path(name))
        for seed in range(options.repeats):
            words = ["--recipe", "fast", "--seed", str(seed)]
            pairs.append((ours(words, Path(name) / "runs"), stock(options.epochs, home)))
            fast, guide = pairs[-1]
            sys.stderr.write(
                f"fast {fast[0].seconds:.1f} s, {fast[2]:.4f}   "
                f"stock {guide[0].seconds:.1f} s, {guide[2]:.4f}\n"
            )
    answer = {
        "benchmark": "fast_vs_guide",
        "machine": machine(),
        "stock_epochs": options.epochs,
        "repeats": options.repeats,
        "wall_seconds": {
            "fast": summary([fast[0].seconds for fast, _ in pairs]),
            "stock": summary([guide[0].seconds for _, guide in pairs]),
            "times_faster": summary([guide[0].seconds / fast[0].seconds for fast, guide in pairs]),
        },
        "test_accuracy": {
            "fast": summary([fast[2] for fast, _ in pairs]),
            "stock": summary([guide[2] for _, guide in pairs]),
        },
        "peak_megabytes": {
            "fast": summary([fast[0].peak_megabytes for fast, _ in pairs]),
            "stock": summary([guide[0].peak_megabytes for _, guide in pairs]),
        },
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
