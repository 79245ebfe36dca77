"""Golden pictures of an export: inputs, what must come out, and two programs that compare.

With them a port to another language or runtime can be proved without tellapart.
"""

import contextlib
import json
import shutil
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import Bundle
from tellapart.errors import UsageError
from tellapart.export.contract import contract_of
from tellapart.export.placing import folder_there
from tellapart.export.proof import TOLERANCE, Expected
from tellapart.files import output_errors
from tellapart.images.arrays import Pixels

PICTURES = 32

_CHECKERS, _EXPECTED = ("check.py", "check.mjs"), "expected.json"
_UINT = struct.Struct(">I")
_CLEAR = 10 * TOLERANCE
"""A picture is left out where a number of it is so near to a threshold."""


def check_golden_folder(folder: Path) -> None:
    """See that a folder can be filled.

    Raises:
        UsageError: There is something in it.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"The golden pictures need an empty folder. Received: {folder}. "
            "Fix: choose another --golden"
        )


@contextmanager
def golden_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder for golden pictures, in which none of them is left where the work fails.

    Raises:
        OutputError: The place cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with output_errors(folder, "--golden"):
            stack.enter_context(folder_there(folder))
        try:
            yield folder
        except BaseException:
            for name in (*map(_picture, range(PICTURES)), _EXPECTED, *_CHECKERS):
                (folder / name).unlink(missing_ok=True)
            raise


def write_golden(
    folder: Path,
    bundle: Bundle,
    expected: Expected,
    *,
    any_size: bool = False,
    entry: str | None = None,
) -> None:
    """Write inputs as PNG, what must come out as JSON, and the programs that compare.

    The PNG files are as plain as can be: one chunk of data, no filters.

    Args:
        folder: Where they go; empty.
        bundle: Its rules.
        expected: What it says of real images.
        any_size: Whether the images have another size than the network's.
        entry: The name of the file's second entry, if it has one.

    Raises:
        OutputError: The place cannot be written.
    """
    chosen = _choose(bundle, expected)
    rows = [
        {"file": _picture(number), **_row(bundle, expected, place)}
        for number, place in enumerate(chosen)
    ]
    record = {
        "contract": contract_of(bundle, any_size=any_size, entry=entry),
        "tolerance": TOLERANCE,
        "rules": _rules(bundle),
        "pictures": rows,
    }
    text = json.dumps(record, ensure_ascii=False, indent=1)
    with output_errors(folder):
        for number, place in enumerate(chosen):
            (folder / _picture(number)).write_bytes(plain_png(expected.given[place]))
        (folder / _EXPECTED).write_text(text, "utf-8")
        for name in _CHECKERS:
            given = resources.files("tellapart.export") / "checkers" / f"{name}.txt"
            with resources.as_file(given) as path:
                shutil.copyfile(path, folder / name)


def plain_png(pixels: Pixels) -> bytes:
    """Return `(height, width, 1 or 3)`, uint8, as a PNG of one unfiltered chunk.

    PNG Specification, third edition (W3C 2025), 5 and 11.2.

    Example:
        >>> plain_png(np.zeros((2, 2, 1), np.uint8))[12:16]
        b'IHDR'
    """
    height, width, channels = pixels.shape
    kind = {1: 0, 3: 2}[channels]
    lines = np.concatenate(
        [np.zeros((height, 1), np.uint8), pixels.reshape(height, width * channels)], axis=1
    )
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes())),
        (b"IEND", b""),
    )
    chunks = [
        struct.pack(">I4s", len(content), name) + content + _UINT.pack(zlib.crc32(name + content))
        for name, content in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _picture(number: int) -> str:
    return f"{number:03}.png"


def _choose(bundle: Bundle, expected: Expected) -> list[int]:
    """Return places of pictures of each verdict in turn, far from every threshold."""
    kinds = np.full(len(expected.given), "label")
    clear = np.ones(len(expected.given), np.bool_)
    if expected.verdicts is not None:
        kinds, rules = expected.verdicts.kinds, _rules(bundle)
        best = expected.probabilities.max(axis=1)
        clear &= np.abs(best - rules["label_from"]) > _CLEAR
        if expected.verdicts.novelty is not None and rules["unknown_above"] is not None:
            clear &= np.abs(expected.verdicts.novelty - rules["unknown_above"]) > _CLEAR
    order: list[tuple[int, int]] = []
    counts = dict.fromkeys(map(str, np.unique(kinds)), 0)
    for place in np.flatnonzero(clear):
        kind = str(kinds[place])
        order.append((counts[kind], int(place)))
        counts[kind] += 1
    return sorted(place for _, place in sorted(order)[:PICTURES])


def _row(bundle: Bundle, expected: Expected, place: int) -> dict[str, Any]:
    """Return what must come out for one picture."""
    probabilities: NDArray[np.float32] = expected.probabilities[place]
    verdicts = expected.verdicts
    return {
        "shape": list(expected.given[place].shape),
        "probabilities": [float(f"{share:.8g}") for share in probabilities],
        "label": bundle.manifest.class_names[int(probabilities.argmax())],
        "verdict": "label" if verdicts is None else verdicts.kind(place),
    }


def _rules(bundle: Bundle) -> dict[str, float | None]:
    """Return the rules as two numbers: novelty above which, and probability from which."""
    rules = bundle.manifest.decisions
    if rules is None:
        return {"unknown_above": None, "label_from": 0.0}
    least = 0.0 if rules.table is None else rules.table.thresholds_for(rules.risk)[0]
    novelty = rules.novelty
    return {
        "unknown_above": None if novelty is None else novelty.threshold,
        "label_from": min(least, 2.0),  # JSON has no infinity; no probability is above 1
    }
