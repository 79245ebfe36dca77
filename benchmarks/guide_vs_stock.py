"""The guide in tellapart against the guide in stock Keras: speed, memory, accuracy.

Both run as whole processes, in turn, on the same backend; every ratio is taken pair by
pair. Usage: python benchmarks/guide_vs_stock.py [--epochs 2] [--repeats 3]
"""

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path

from processes import Measured, machine, measure, summary

from tellapart.data.fetch import fetch_known, usual_places
from tellapart.data.known import KNOWN
from tellapart.progress import open_progress


def _keras_home(folder: Path) -> Path:
    """Lay the data out as Keras' cache, so that the stock script finds them."""
    known = KNOWN["fashion-mnist"]
    contents, _ = fetch_known(known, usual_places(), open_progress())
    home = folder / "datasets" / known.name
    home.mkdir(parents=True)
    for name, content in contents.items():
        (home / name).write_bytes(gzip.compress(content, 1))
    return folder


def _stock(epochs: int, home: Path) -> tuple[Measured, float, float]:
    script = str(Path(__file__).with_name("stock_guide.py"))
    found = measure([sys.executable, script, str(epochs)], {"KERAS_HOME": str(home)})
    scores = json.loads(found.output.splitlines()[-1])
    return found, scores["images_per_second"], scores["accuracy"]


def _ours(epochs: int, output: Path) -> tuple[Measured, float, float]:
    words = ["train", "fashion-mnist", "--recipe", "guide", "--epochs", str(epochs), "--json"]
    found = measure([sys.executable, "-m", "tellapart", *words, "-q", "--output", str(output)])
    answer = json.loads(found.output)
    lines = (Path(answer["run"]) / "history.jsonl").read_text("utf-8").splitlines()
    speed = max(json.loads(line)["images_per_second"] for line in lines)
    return found, speed, answer["evaluation"]["accuracy"]["value"]


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = _keras_home(Path(name))
        pairs = [
            (_ours(options.epochs, Path(name) / "runs"), _stock(options.epochs, home))
            for _ in range(options.repeats)
        ]
    figures = {
        "wall_seconds": [(o[0].seconds, s[0].seconds) for o, s in pairs],
        "cpu_seconds": [(o[0].cpu_seconds, s[0].cpu_seconds) for o, s in pairs],
        "peak_megabytes": [(o[0].peak_megabytes, s[0].peak_megabytes) for o, s in pairs],
        "images_per_second": [(o[1], s[1]) for o, s in pairs],
        "accuracy": [(o[2], s[2]) for o, s in pairs],
    }
    answer = {
        "benchmark": "guide_vs_stock",
        "machine": machine(),
        "epochs": options.epochs,
        "repeats": options.repeats,
        "figures": {
            name: {
                "tellapart": summary([ours for ours, _ in values]),
                "stock": summary([stock for _, stock in values]),
                "ratio": summary([ours / stock for ours, stock in values]),
            }
            for name, values in figures.items()
        },
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
