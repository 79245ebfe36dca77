"""Write a bundle in another format, and keep it only if it answers as the bundle does."""

import shutil
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import load_extra, prepare_keras
from tellapart.bundle import Bundle, open_bundle
from tellapart.errors import TellapartError, UsageError, did_you_mean
from tellapart.export.catalogue import WRITERS, Order
from tellapart.export.formats import FORMATS, Format
from tellapart.export.proof import (
    TOLERANCE,
    Expected,
    ExportError,
    Proof,
    expect,
    of_another_size,
    prove,
)
from tellapart.images.arrays import Pixels
from tellapart.predict.runtimes import open_keras
from tellapart.progress import Progress, open_progress
from tellapart.train.runs import RunFolder
from tellapart.workflow.run_data import data_of_run

IMAGES = 256
"""So many real images a file is asked about."""


class Exported(BaseModel):
    """Is a file in another format, with the proof that it answers as its bundle.

    Attributes:
        path: The file, or the folder of a SavedModel.
        format: A key of `FORMATS`.
        size_bytes: Of all of it.
        proof: What came of asking it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    format: str
    size_bytes: int
    proof: Proof

    @override
    def __str__(self) -> str:
        """Return it in a sentence."""
        proof = self.proof
        rules = "" if proof.verdicts is None else ", the same verdicts"
        return (
            f"{self.path}: {self.size_bytes:,} bytes, proved on {proof.images} real images with "
            f"{proof.runtime}: the same classes{rules}, probabilities within "
            f"{proof.largest_difference:.1e}"
        )


def export(
    model: str | Path,
    to: str = "onnx",
    *,
    output: str | Path | None = None,
    any_size: bool = False,
    trust: bool = False,
    backend: str | None = None,
    quiet: bool = False,
) -> Exported:
    """Write a bundle in another format, and prove that it answers as the bundle does.

    The file is opened in its own runtime in a fresh process and asked about real images, in
    batches of 1, of 3 and all at once. Where any gets another class or verdict, or a
    probability is off by more than 1e-5, it is removed again.

    Args:
        model: A `.tellapart` file.
        to: "onnx", "saved_model", "litert", "keras" or "openvino".
        output: Where it goes; by default beside the bundle. Nothing is overwritten.
        any_size: Let the file take pictures of any size, and make them fit in its graph
            exactly as tellapart does; for ONNX and OpenVINO.
        trust: Build a network of its maker's own, which may run code.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        UsageError: The format is unknown, or something is at `output` already.
        BundleError: The bundle cannot be used.
        ExportError: The file does not answer as the bundle; nothing of it is left.
        MissingExtraError: What the format needs is not installed.

    Example:
        `tellapart.export("runs/fashion-mnist-1/model.tellapart", "onnx")`
    """
    source = Path(model)
    if to not in FORMATS:
        raise UsageError(f"Unknown format '{to}'. {did_you_mean(to, FORMATS)}")
    form = FORMATS[to]
    target = _target(source, to, form, output)
    load_extra(form.runtime, form.extra)
    prepare_keras(backend)
    bundle = open_bundle(source)
    runtime = open_keras(bundle, trust=trust)
    progress = open_progress(quiet=quiet)
    images = _images(source, bundle, progress)
    given = of_another_size(images) if any_size else images
    expected = expect(bundle, runtime, given)
    order = Order(source, bundle, runtime.network, target, any_size=any_size, trust=trust)
    try:
        WRITERS[to](order)
        proof = _prove(order, to, form, expected)
    except BaseException:
        _remove(target)
        raise
    return Exported(path=str(target), format=to, size_bytes=_size(target), proof=proof)


def _prove(order: Order, to: str, form: Format, expected: Expected) -> Proof:
    """Return the proof of a file.

    Raises:
        ExportError: It does not answer as its bundle.
    """
    proof = prove(order.bundle, to, form, order.path, expected)
    if wrong := proof.fails(TOLERANCE):
        raise ExportError(
            f"The {to} file does not answer as {order.source} and was removed: {wrong}. "
            f"It was run by {proof.runtime}."
        )
    return proof


def _target(source: Path, to: str, form: Format, output: str | Path | None) -> Path:
    """Return where the file goes.

    Raises:
        UsageError: Something is there already, or its ending is another format's.
    """
    usual = source.with_suffix(form.suffix) if form.suffix else source.with_suffix(".saved_model")
    target = usual if output is None else Path(output)
    if target.is_dir() and output is not None and form.suffix:
        target = target / usual.name
    if target.suffix != form.suffix and form.suffix:
        raise UsageError(
            f"A file of format '{to}' must end in {form.suffix}. Received: {target}. "
            f"Fix: --output {target.with_suffix(form.suffix)}"
        )
    if target.exists():
        raise UsageError(f"There is something at {target} already. Fix: choose another --output")
    return target


def _images(source: Path, bundle: Bundle, progress: Progress) -> Pixels:
    """Return real images: the golden ones and, where these are few, the run's test images."""
    golden = bundle.golden.images
    if len(golden) >= IMAGES:
        return golden[:IMAGES]
    try:
        data = data_of_run(RunFolder(source.parent), quiet=True)
    except TellapartError as error:
        progress.say(
            f"The file is asked about the {len(golden)} golden images only; the run's test images "
            f"are out of reach: {error}"
        )
        return golden
    return np.asarray(data.test.first(IMAGES).pixels)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    for file in (path, path.with_suffix(".bin")):
        if file.is_file() and (file == path or path.suffix == ".xml"):
            file.unlink()


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    pair = path.with_suffix(".bin")
    more = pair.stat().st_size if path.suffix == ".xml" and pair.is_file() else 0
    return path.stat().st_size + more


__all__ = ["ExportError", "Exported", "export"]
