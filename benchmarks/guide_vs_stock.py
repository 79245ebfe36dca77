"""The guide in tellapart against the guide in stock Keras: speed, memory, accuracy.

All run as whole processes, in turn: ours on our default backend, stock on every backend
that is installed (TensorFlow, JAX, PyTorch). Every ratio is taken round by round, against
stock on our backend, and for images/s also against the fastest stock of the round. The
share of the processor's peak is ours by the arithmetic of the network, over the products of
large matrices of the same round.
Usage: python benchmarks/guide_vs_stock.py [--epochs 2] [--repeats 3] [--backends tensorflow]
"""

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from processes import Measured, machine, measure, summary

from tellapart._extras import BACKENDS, is_installed
from tellapart.data.fetch import fetch_known, usual_places
from tellapart.data.known import KNOWN
from tellapart.progress import open_progress

OURS = "tensorflow"
FIRST, SECOND, DENSE = 26 * 26 * 9 * 32, 11 * 11 * 9 * 32 * 64, 1600 * 64 + 64 * 10
TRAINING_FLOPS = 2 * (2 * FIRST + 3 * (SECOND + DENSE))
"""An image forward and backward; nobody asks for the gradient of the pixels."""


class Round:
    """Is what the processes of one round came to, by name."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[Measured, float, float]] = {}
        self.peak = 0.0

    def figure(self, name: str, kind: str) -> float:
        """Return one figure of one of them."""
        measured, speed, accuracy = self.found[name]
        return {
            "wall_seconds": measured.seconds,
            "cpu_seconds": measured.cpu_seconds,
            "peak_megabytes": measured.peak_megabytes,
            "images_per_second": speed,
            "accuracy": accuracy,
        }[kind]

    def fastest_stock(self) -> float:
        """Return the images/s of the fastest stock."""
        return max(found[1] for name, found in self.found.items() if name != "tellapart")


KINDS = ("wall_seconds", "cpu_seconds", "peak_megabytes", "images_per_second", "accuracy")


def keras_home(folder: Path) -> Path:
    """Lay the data out as Keras' cache, so that the stock script finds them."""
    known = KNOWN["fashion-mnist"]
    contents, _ = fetch_known(known, usual_places(), open_progress())
    home = folder / "datasets" / known.name
    home.mkdir(parents=True)
    for name, content in contents.items():
        (home / name).write_bytes(gzip.compress(content, 1))
    return folder


def stock(epochs: int, home: Path, backend: str = OURS) -> tuple[Measured, float, float]:
    """Run the stock script; return its measures, images/s of its best epoch, and accuracy."""
    script = str(Path(__file__).with_name("stock_guide.py"))
    environment = {"KERAS_HOME": str(home), "KERAS_BACKEND": backend}
    found = measure([sys.executable, script, str(epochs)], environment)
    scores = json.loads(found.output.splitlines()[-1])
    return found, scores["images_per_second"], scores["accuracy"]


def ours(words: list[str], output: Path) -> tuple[Measured, float, float]:
    """Run `tellapart train fashion-mnist`; return the same as `stock`."""
    command = ["train", "fashion-mnist", *words, "--json", "-q", "--output", str(output)]
    found = measure([sys.executable, "-m", "tellapart", *command], {"KERAS_BACKEND": OURS})
    answer = json.loads(found.output)
    lines = (Path(answer["run"]) / "history.jsonl").read_text("utf-8").splitlines()
    speed = max(json.loads(line)["images_per_second"] for line in lines)
    return found, speed, answer["evaluation"]["accuracy"]["value"]


def _peak() -> float:
    """Return the FLOP/s of large single-precision products, the best of several."""
    script = (
        "import time, numpy as np\n"
        "a = np.ones((3000, 3000), np.float32); best = 1e9\n"
        "for _ in range(8):\n"
        "    began = time.perf_counter(); a @ a\n"
        "    best = min(best, time.perf_counter() - began)\n"
        "print(2 * 3000**3 / best)\n"
    )
    return float(measure([sys.executable, "-c", script]).output)


def _compare(rounds: list[Round], backends: list[str]) -> dict[str, Any]:
    """Return every figure of everybody, and the ratios round by round."""
    names = ["tellapart", *(f"stock {backend}" for backend in backends)]
    figures: dict[str, Any] = {}
    for kind in KINDS:
        figures[kind] = {n: summary([r.figure(n, kind) for r in rounds]) for n in names}
        base = names[1]
        figures[kind][f"ratio to {base}"] = summary(
            [r.figure("tellapart", kind) / r.figure(base, kind) for r in rounds]
        )
    speeds = [(r, r.figure("tellapart", "images_per_second")) for r in rounds]
    figures["images_per_second"]["ratio to the fastest stock"] = summary(
        [speed / r.fastest_stock() for r, speed in speeds]
    )
    figures["share_of_peak"] = summary([speed * TRAINING_FLOPS / r.peak for r, speed in speeds])
    figures["peak_gigaflops"] = summary([r.peak / 1e9 for r in rounds])
    return figures


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--backends", nargs="+", choices=[*BACKENDS], default=None)
    options = parser.parse_args()
    backends = options.backends or [b for b, module in BACKENDS.items() if is_installed(module)]
    rounds = []
    with tempfile.TemporaryDirectory() as name:
        home = keras_home(Path(name))
        words = ["--recipe", "guide", "--epochs", str(options.epochs)]
        for _ in range(options.repeats):
            found = Round()
            found.found["tellapart"] = ours(words, Path(name) / "runs")
            for backend in backends:
                found.found[f"stock {backend}"] = stock(options.epochs, home, backend)
            found.peak = _peak()
            rounds.append(found)
    answer = {
        "benchmark": "guide_vs_stock",
        "machine": machine(),
        "epochs": options.epochs,
        "repeats": options.repeats,
        "figures": _compare(rounds, backends),
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
