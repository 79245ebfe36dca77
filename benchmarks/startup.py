"""How long `tellapart --help` and `--version` take over a bare interpreter.

Usage: python benchmarks/startup.py [--repeats 15]
"""

import argparse
import json
import sys

from processes import machine, measure, summary

COMMANDS = {
    "bare": [sys.executable, "-c", "pass"],
    "version": [sys.executable, "-m", "tellapart", "--version"],
    "help": [sys.executable, "-m", "tellapart", "--help"],
}


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    for command in COMMANDS.values():
        measure(command)
    rounds = [{n: measure(c).seconds for n, c in COMMANDS.items()} for _ in range(repeats)]
    answer = {
        "benchmark": "startup",
        "machine": machine(),
        "repeats": repeats,
        "seconds": {name: summary([r[name] for r in rounds]) for name in COMMANDS},
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
