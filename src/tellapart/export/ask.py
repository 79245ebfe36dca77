"""The fresh process of a proof: opens a file in its own runtime, asks it, writes what it says.

`python -m tellapart.export.ask FORMAT FILE [MODULE …]`, with an `.npz` of pixels on standard
input and one of outputs on standard output. It knows neither bundles nor networks; modules that
register layers of a user's own are imported first.
"""

import importlib
import io
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.export.formats import FORMATS, Answer

BATCHES = (1, 3)
"""Beside all pictures at once, each is asked about by itself and in such a batch."""


def ask_in_batches(answer: Answer, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    """Return the outputs for batches of 1, of 3, and for all at once, as `SIZE/NAME`.

    Args:
        answer: What is asked.
        pixels: `(n, height, width, channels)`, uint8.
    """
    found = {f"0/{name}": value for name, value in answer(pixels).items()}
    for size in BATCHES:
        firsts = range(0, len(pixels), size)
        parts = [answer(pixels[first : first + size]) for first in firsts]
        for name in parts[0]:
            found[f"{size}/{name}"] = np.concatenate([part[name] for part in parts])
    return found


def main(words: list[str]) -> None:
    """Ask one file."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    form = FORMATS[words[0]]
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # runtimes write to standard output as they like
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as arrays:
        pixels = arrays["pixels"]
    for module in words[2:]:
        importlib.import_module(module)
    found = ask_in_batches(form.open(Path(words[1])), pixels)
    content = io.BytesIO()
    arrays_out: dict[str, Any] = {**found, "version": np.array(_version(form.runtime))}
    np.savez(content, **arrays_out)
    out.write(content.getvalue())
    out.close()


def _version(module: str) -> str:
    names = metadata.packages_distributions().get(module, [module])
    try:
        return metadata.version(names[0])
    except metadata.PackageNotFoundError:
        return str(getattr(importlib.import_module(module), "__version__", "unknown"))


if __name__ == "__main__":
    main(sys.argv[1:])
