"""The proof that a file in another format is the bundle: asked again, in a process of its own."""

import io
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart.bundle import Bundle
from tellapart.errors import ExportError
from tellapart.export.ask import BATCHES
from tellapart.export.formats import Answers, Format
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode_array
from tellapart.predict.runtimes import Runtime
from tellapart.verdicts import Verdicts, judge, measure_novelty

IMAGES = 256
"""So many real images a file is asked about, if there are as many."""

TOLERANCE = 1e-5
"""How far a probability may be off in formats of 32-bit numbers."""

_SECONDS = 600


class Proof(BaseModel):
    """Is what came of asking a file in another format what its bundle was asked.

    Attributes:
        images: How many pictures it was asked about.
        batches: How many of them at a time.
        largest_difference: Of any probability from the bundle's.
        labels: How many pictures get the same most probable class.
        verdicts: How many get the same verdict; `None` where the bundle has no rules.
        runtime: What ran it, with its version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: int
    batches: tuple[int, ...]
    largest_difference: float
    labels: int
    verdicts: int | None
    runtime: str

    @override
    def __str__(self) -> str:
        """Return it in a sentence."""
        rules = "" if self.verdicts is None else f", {self.verdicts} the same verdict"
        return (
            f"Asked about {self.images} real images with {self.runtime}: {self.labels} get the "
            f"same class{rules}, probabilities within {self.largest_difference:.1e}."
        )

    def fails(self, tolerance: float) -> str:
        """Return what is wrong, in words, or nothing."""
        wrong = []
        if self.labels < self.images:
            wrong.append(f"{self.images - self.labels} of {self.images} pictures get another class")
        if not self.largest_difference <= tolerance:
            wrong.append(
                f"a probability is off by {self.largest_difference:.2g}, above {tolerance:g}"
            )
        if self.verdicts is not None and self.verdicts < self.images:
            wrong.append(f"{self.images - self.verdicts} verdicts differ")
        return "; ".join(wrong)


@dataclass(frozen=True, eq=False)
class Expected:
    """Is what a bundle says of some pictures.

    Attributes:
        given: `(n, height, width, channels)`, uint8: what a file is asked about; of any size
            where it makes pictures fit by itself.
        probabilities: `(n, classes)`, at the bundle's temperature.
        verdicts: On them, where the bundle has rules.
    """

    given: Pixels
    probabilities: NDArray[np.float32]
    verdicts: Verdicts | None


def expect(bundle: Bundle, runtime: Runtime, given: Pixels) -> Expected:
    """Return what a bundle says of some pictures, by the runtime that it was made with.

    Args:
        bundle: Its rules and its pixels.
        runtime: Runs its network.
        given: `(n, height, width, channels)`, uint8; of another size they are made to fit.
    """
    spec, rules = bundle.manifest.image, bundle.manifest.decisions
    pixels = given
    if given.shape[1:] != spec.shape:
        pixels = np.stack([decode_array(one, spec, "a picture").pixels for one in given])
    answers = runtime.answers(pixels)
    if rules is None:
        return Expected(given, answers.probabilities, None)
    novelty = None
    if rules.novelty is not None and answers.features is not None and bundle.references is not None:
        novelty = measure_novelty(answers.features, bundle.references, rules.novelty.neighbour)
    verdicts = judge(rules, answers.probabilities, novelty)
    return Expected(given, verdicts.probabilities, verdicts)


def of_another_size(pixels: Pixels) -> Pixels:
    """Return the pictures taller and wider, each by another share, as a photo would be."""
    height, width = pixels.shape[1:3]
    rows = np.arange(2 * height + 3) * height // (2 * height + 3)
    columns = np.arange(width + width // 3 + 1) * width // (width + width // 3 + 1)
    return np.ascontiguousarray(pixels[:, rows][:, :, columns])


def prove(bundle: Bundle, name: str, form: Format, path: Path, expected: Expected) -> Proof:
    """Return what came of asking a file again, in its own runtime and a fresh process.

    Raises:
        ExportError: It cannot be opened or run at all.
    """
    version, found = _ask(name, path, expected.given)
    return compare(bundle, f"{form.runtime} {version}", found, expected)


def compare(
    bundle: Bundle, runtime: str, found: Mapping[str, NDArray[np.float32]], expected: Expected
) -> Proof:
    """Return what came of asking a file.

    Args:
        bundle: What it must answer as.
        runtime: What ran it, in words.
        found: Its answers, by `ask.ask_in_batches`.
        expected: Those of the bundle.
    """
    rows = [found[f"{batch}/probabilities"] for batch in (*BATCHES, 0)]
    counts = [len(part) for part in rows]
    wanted = [expected.probabilities[:count] for count in counts]
    gaps = [np.abs(part - other).max() for part, other in zip(rows, wanted, strict=True)]
    same = rows[-1].argmax(axis=1) == expected.probabilities.argmax(axis=1)
    for part, other in zip(rows[:-1], wanted[:-1], strict=True):
        same[: len(part)] &= part.argmax(axis=1) == other.argmax(axis=1)
    return Proof(
        images=len(expected.given),
        batches=(*BATCHES, len(expected.given)),
        largest_difference=float(np.max(gaps)),
        labels=int(same.sum()),
        verdicts=_same_verdicts(bundle, found, expected),
        runtime=runtime,
    )


def _same_verdicts(
    bundle: Bundle, found: Mapping[str, NDArray[np.float32]], expected: Expected
) -> int | None:
    """Return how many verdicts on the file's own numbers are those of the bundle."""
    rules = bundle.manifest.decisions
    if rules is None or expected.verdicts is None:
        return None
    cooled = rules.model_copy(update={"temperature": 1.0})
    novelty = found.get("0/novelty")
    verdicts = judge(cooled, found["0/probabilities"], novelty)
    same = (verdicts.kinds == expected.verdicts.kinds) & (
        verdicts.sets == expected.verdicts.sets
    ).all(axis=1)
    return int(same.sum())


def _ask(name: str, path: Path, pixels: Pixels) -> tuple[str, Answers]:
    """Return the runtime's version and the outputs by batch and name, from a fresh process."""
    given = io.BytesIO()
    np.savez(given, pixels=pixels)
    command = [sys.executable, "-m", "tellapart.export.ask", name, str(path)]
    try:
        done = subprocess.run(
            command, input=given.getvalue(), capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"{path} did not answer within {_SECONDS} seconds.") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise ExportError(f"{path} cannot be run: {' '.join(last)[-500:] or done.returncode}")
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
        found = {key: arrays[key] for key in arrays.files}
    if "0/probabilities" not in found:
        names = sorted({key.partition("/")[2] for key in found} - {""})
        raise ExportError(f"{path} must put out `probabilities`. Received: {', '.join(names)}.")
    return str(found.pop("version")), found
