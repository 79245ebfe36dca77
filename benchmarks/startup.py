"""How long `tellapart --help`, `--version` and one answer take, from start to end.

The first two stand beside a bare interpreter; an answer, which needs no Keras, beside the
imports alone that none can do without. The first answer of a server is measured from the start
of its process until it has come, over HTTP. The classifier is trained by recipe `fast` if none
is given.

Usage: python benchmarks/startup.py [--repeats 15] [--model runs/NAME-1/model.tellapart]
"""

import argparse
import contextlib
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

from processes import machine, measure, summary

COMMANDS = {
    "bare": [sys.executable, "-c", "pass"],
    "version": [sys.executable, "-m", "tellapart", "--version"],
    "help": [sys.executable, "-m", "tellapart", "--help"],
}
PICTURE = Path(__file__).parent.parent / "examples" / "pictures" / "shirt.png"
IMPORTS = "import numpy, PIL.Image, pydantic.types, typer.main, safetensors.numpy, onnxruntime"


def _train(folder: str) -> str:
    """Train a classifier, and return its path."""
    measure([sys.executable, "-m", "tellapart", "train", "fashion-mnist", "-o", folder, "-q"])
    return str(next(Path(folder).glob("*/model.tellapart")))


def _first_served(model: str) -> float:
    """Return the seconds until a server that is started now has answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    words = ["serve", model, "--port", str(port), "--backend", "onnx", "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "tellapart", *words])
    try:
        while process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            with contextlib.closing(connection), contextlib.suppress(ConnectionRefusedError):
                connection.request("POST", "/v1/predict", PICTURE.read_bytes())
                if connection.getresponse().status == HTTPStatus.OK:
                    return time.perf_counter() - began
            time.sleep(0.005)
    finally:
        process.terminate()
        process.wait()
    raise SystemExit("The server ended before it answered.")


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--model", help="a bundle that can run without Keras")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(_measure(asked.model or _train(folder), asked.repeats), indent=2))


def _measure(model: str, repeats: int) -> dict[str, Any]:
    words = ["predict", model, str(PICTURE), "--backend", "onnx", "--json"]
    commands = COMMANDS | {
        "imports": [sys.executable, "-c", IMPORTS],
        "answer": [sys.executable, "-m", "tellapart", *words],
    }
    rounds = []
    for _ in range(repeats + 1):
        seconds = {name: measure(command).seconds for name, command in commands.items()}
        rounds.append(seconds | {"served": _first_served(model)})
    del rounds[0]  # in which files were read for the first time
    return {
        "benchmark": "startup",
        "machine": machine(),
        "repeats": repeats,
        "seconds": {name: summary([r[name] for r in rounds]) for name in rounds[0]},
        "seconds_over_bare": {
            name: summary([r[name] - r["bare"] for r in rounds]) for name in ("version", "help")
        },
        "ratio_to_bare": {
            name: summary([r[name] / r["bare"] for r in rounds]) for name in ("version", "help")
        },
        "answer_over_imports": summary([r["answer"] / r["imports"] for r in rounds]),
    }


if __name__ == "__main__":
    main()
