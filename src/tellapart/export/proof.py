"""The proof that a file in another format is the bundle: asked again, in a process of its own."""

import io
from collections.abc import Mapping, Sequence
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
from tellapart.export.process import run_module
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode_array
from tellapart.predict.answering import Answering
from tellapart.predict.runtimes import Runtime
from tellapart.verdicts import Verdicts, judge

IMAGES = 256
"""So many real images a file is asked about, if there are as many."""

TOLERANCE = 1e-5
"""How far a probability may be off in formats of 32-bit numbers."""

_MOST_LARGER = 2**23
"""Numbers of pictures of the network's size that are made larger: 55 of 224×224×3."""

_SIZES = (*BATCHES, 0)


class Proof(BaseModel):
    """Is what came of asking a file in another format what its bundle was asked.

    Attributes:
        images: How many pictures it was asked about.
        batches: How many of them at a time.
        largest_difference: Of any probability from the bundle's.
        labels: How many pictures get the same most probable class.
        verdicts: How many get the same verdict; `None` where the bundle has no rules.
        novelty_difference: The largest from the bundle's; `None` where novelty is not measured.
        runtime: What ran it, with its version.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: int
    batches: tuple[int, ...]
    largest_difference: float
    labels: int
    verdicts: int | None
    novelty_difference: float | None
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
        for what, gap in (
            ("probability", self.largest_difference),
            ("novelty", self.novelty_difference),
        ):
            if gap is not None and not gap <= tolerance:
                wrong.append(f"a {what} is off by {gap:.2g}, above {tolerance:g}")
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
    spec, pixels = bundle.manifest.image, given
    if given.shape[1:] != spec.shape:
        pixels = np.stack([decode_array(one, spec, "a picture").pixels for one in given])
    answers, verdicts = Answering(bundle, runtime).judge(pixels)
    found = answers.probabilities if verdicts is None else verdicts.probabilities
    return Expected(given, found, verdicts)


def of_another_size(pixels: Pixels) -> Pixels:
    """Return the pictures taller and wider, each by another share, as a photo would be.

    They are made to fit in 64-bit numbers: of large ones the first are enough.
    """
    height, width = pixels.shape[1:3]
    pixels = pixels[: max(1, _MOST_LARGER // int(np.prod(pixels.shape[1:])))]
    rows = np.arange(2 * height + 3) * height // (2 * height + 3)
    columns = np.arange(width + width // 3 + 1) * width // (width + width // 3 + 1)
    return np.ascontiguousarray(pixels[:, rows][:, :, columns])


def prove(
    bundle: Bundle,
    name: str,
    form: Format,
    path: Path,
    expected: Expected,
    modules: Sequence[str] = (),
) -> Proof:
    """Return what came of asking a file again, in its own runtime and a fresh process.

    Args:
        bundle: What it must answer as.
        name: The format's.
        form: The format.
        path: The file.
        expected: What the bundle says.
        modules: A user's own that are imported there first, since they register layers.

    Raises:
        ExportError: It cannot be opened or run at all, or its outputs are no such.
    """
    version, found = _ask(name, form, path, expected.given, modules)
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

    Raises:
        ExportError: An output is missing or has another shape, or there is no picture.
    """
    images = len(expected.given)
    if not images:
        raise ExportError("A file cannot be proved without pictures. Received: none.")
    places = np.tile(np.arange(images), len(_SIZES))
    shares, wanted = _outputs(found, "probabilities", expected.probabilities), expected.verdicts
    gaps = np.abs(shares - expected.probabilities[places])
    other = shares.argmax(axis=1) != expected.probabilities[places].argmax(axis=1)
    verdicts = far = None
    if wanted is not None:
        novelty = None
        if wanted.novelty is not None:
            novelty = _outputs(found, "novelty", wanted.novelty)
            far = float(np.abs(novelty - wanted.novelty[places]).max())
        said = _judge_again(bundle, shares, novelty)
        differ = (said.sets != wanted.sets[places]).any(axis=1)
        differ |= said.kinds != wanted.kinds[places]
        verdicts = images - len(np.unique(places[differ]))
    return Proof(
        images=images,
        batches=(*BATCHES, images),
        largest_difference=float(gaps.max()),
        labels=images - len(np.unique(places[other])),
        verdicts=verdicts,
        novelty_difference=far,
        runtime=runtime,
    )


def _outputs(
    found: Mapping[str, NDArray[np.float32]], name: str, wanted: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return an output for batches of all sizes, one after the other.

    Raises:
        ExportError: It is missing, or is not of the shape that the wanted one has.
    """
    for size in _SIZES:
        array, shape = found.get(f"{size}/{name}"), wanted.shape
        if array is None or array.shape != shape:
            received = "nothing" if array is None else array.shape
            raise ExportError(f"The file must put out `{name}` {shape}. Received: {received}.")
    return np.concatenate([found[f"{size}/{name}"] for size in _SIZES])


def _judge_again(
    bundle: Bundle, shares: NDArray[np.float32], novelty: NDArray[np.float32] | None
) -> Verdicts:
    """Return what the bundle's rules say of a file's numbers, which are calibrated already."""
    rules = bundle.manifest.decisions
    assert rules is not None
    return judge(rules.model_copy(update={"temperature": 1.0}), shares, novelty)


def _ask(
    name: str, form: Format, path: Path, pixels: Pixels, modules: Sequence[str]
) -> tuple[str, Answers]:
    """Return the runtime's version and the outputs by batch and name, from a fresh process."""
    given = io.BytesIO()
    np.savez(given, pixels=pixels)
    said = run_module(
        ["tellapart.export.ask", name, str(path), *modules],
        f"{path.name} cannot be run",
        given=given.getvalue(),
        # which loads Keras, and with PyTorch in the same process falls over
        backend="tensorflow" if form.runtime == "tensorflow" else None,
        same_path=bool(modules),
    )
    with np.load(io.BytesIO(said), allow_pickle=False) as arrays:
        found = {key: arrays[key] for key in arrays.files}
    return str(found.pop("version")), found
