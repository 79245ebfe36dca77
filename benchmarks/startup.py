"""How long `tellapart --help` and `--version` take over a bare interpreter.

With `--model` also how long one answer without Keras takes, from the start of the process to
its end, beside the imports alone that no such answer can do without.

Usage: python benchmarks/startup.py [--repeats 15] [--model runs/NAME-1/model.tellapart]
"""

import argparse
import json
import sys
from pathlib import Path

from processes import machine, measure, summary

COMMANDS = {
    "bare": [sys.executable, "-c", "pass"],
    "version": [sys.executable, "-m", "tellapart", "--version"],
    "help": [sys.executable, "-m", "tellapart", "--help"],
}
PICTURE = Path(__file__).parent.parent / "examples" / "pictures" / "shirt.png"
IMPORTS = "import numpy, PIL.Image, pydantic.types, typer.main, safetensors.numpy, onnxruntime"


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--model", help="a bundle that can run without Keras")
    asked = parser.parse_args()
    repeats, commands = asked.repeats, dict(COMMANDS)
    if asked.model:
        words = ["predict", asked.model, str(PICTURE), "--backend", "onnx", "--json"]
        commands["imports"] = [sys.executable, "-c", IMPORTS]
        commands["answer"] = [sys.executable, "-m", "tellapart", *words]
    for command in commands.values():
        measure(command)
    rounds = [{n: measure(c).seconds for n, c in commands.items()} for _ in range(repeats)]
    answer = {
        "benchmark": "startup",
        "machine": machine(),
        "repeats": repeats,
        "seconds": {name: summary([r[name] for r in rounds]) for name in commands},
        "seconds_over_bare": {
            name: summary([r[name] - r["bare"] for r in rounds]) for name in ("version", "help")
        },
        "ratio_to_bare": {
            name: summary([r[name] / r["bare"] for r in rounds]) for name in ("version", "help")
        },
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
