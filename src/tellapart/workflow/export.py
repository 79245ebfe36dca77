"""Write a bundle in another format, and keep it only if it answers as the bundle does."""

import tempfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart._extras import prepare_keras
from tellapart.bundle import Bundle, open_bundle
from tellapart.data.prepare import Prepared
from tellapart.errors import DataError, ExportError, TellapartError, UsageError, did_you_mean
from tellapart.export.card import NAME, card_of
from tellapart.export.catalogue import WRITERS, Order, check_any_size
from tellapart.export.formats import FORMATS
from tellapart.export.golden import check_golden_folder, golden_folder, write_golden
from tellapart.export.int8 import CALIBRATING, MOST_IMAGES, EightBits, judge_8_bits, to_8_bits
from tellapart.export.placing import FOLDERS, beside, put_in_place, target_of
from tellapart.export.proof import (
    IMAGES,
    TOLERANCE,
    Expected,
    Proof,
    expect,
    of_another_size,
    prove,
)
from tellapart.files import output_errors
from tellapart.images.arrays import Pixels
from tellapart.interrupts import undone_by_signals
from tellapart.predict.runtimes import open_keras
from tellapart.progress import Progress, open_progress
from tellapart.train.runs import RunFolder
from tellapart.workflow.run_data import data_of_run

_STOPPED = "Stopped; nothing unfinished of the export is left."


class Exported(BaseModel):
    """Is a file in another format, with the proof that it answers as its bundle.

    Attributes:
        path: The file, or the folder of a SavedModel.
        format: A key of `FORMATS`.
        size_bytes: Of all of it.
        any_size: Whether it makes pictures of any size fit by itself.
        proof: What came of asking it.
        any_size_proof: What came of asking its second entry about pictures of another size,
            where it has one.
        eight_bits: What computing in 8 bits costs and brings, where it does so.
        golden: The folder of golden pictures, if they were asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    format: str
    size_bytes: int
    any_size: bool
    proof: Proof
    any_size_proof: Proof | None = None
    eight_bits: EightBits | None = None
    golden: str | None = None

    @override
    def __str__(self) -> str:
        """Return it in a few sentences."""
        said = f"{self.path}: {self.size_bytes:,} bytes. {self.proof}"
        if self.any_size_proof is not None:
            said = f"{said} Pictures of another size: {self.any_size_proof}"
        if self.eight_bits is not None:
            said = f"{said} {self.eight_bits}"
        if self.golden is None:
            return said
        programs = "" if self.format == "onnx" else " (the programs in it compare ONNX files)"
        return f"{said} Golden pictures: {self.golden}{programs}"


def export(
    model: str | Path,
    to: str = "onnx",
    *,
    output: str | Path | None = None,
    any_size: bool = False,
    int8: bool = False,
    golden: str | Path | None = None,
    card: bool = False,
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
            exactly as tellapart does; for ONNX. A SavedModel always has an entry for them.
        int8: Let the file compute in 8 bits; for ONNX. It is kept only if its accuracy on the
            run's validation images is at most 0.1 points lower, and need not answer alike.
        golden: A folder for real pictures with what must come out, and programs that compare.
        card: Write a model card, `README.md`, beside the file; a SavedModel has one in it.
        trust: Build a network of its maker's own, which may run code.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        UsageError: The format is unknown or cannot do what is asked, or something is at
            `output` already.
        BundleError: The bundle cannot be used.
        ExportError: The file does not answer as the bundle; nothing of it is left.
        OutputError: The place cannot be written.
        MissingExtraError: What the format needs is not installed.
        Interrupted: SIGTERM came while it was written; nothing of it is left.

    Example:
        `tellapart.export("runs/fashion-mnist-1/model.tellapart", "onnx")`
    """
    source, progress = Path(model), open_progress(quiet=quiet)
    _check(to, any_size=any_size, int8=int8, golden=golden)
    bundle = open_bundle(source)
    target = target_of(source, to, output, card=card)
    FORMATS[to].check_installed()
    prepare_keras(backend)
    runtime = open_keras(bundle, trust=trust)
    images = _images(source, bundle, progress)
    larger = of_another_size(images)
    expected = expect(bundle, runtime, larger if any_size else images)
    entry = FORMATS[to].any_size_entry
    second = expect(bundle, runtime, larger) if entry is not None else None
    order = Order(source, bundle, runtime.network, any_size=any_size, trust=trust)
    pictures = nullcontext() if golden is None else golden_folder(Path(golden))
    with undone_by_signals(lambda: _STOPPED), pictures as folder, beside(target) as path:
        progress.say(f"Writing {target.name}")
        with output_errors(target):
            WRITERS[to](order, path)
        in_8_bits = _to_8_bits(order, path) if int8 else None
        progress.say(f"Asking it about {len(images)} real images in a fresh process")
        proof = _prove(order, to, path, expected, exactly=not int8)
        second_proof = None if second is None else _prove(order, to, path, second, exactly=True)
        if card or to in FOLDERS:
            text = card_of(
                bundle.manifest, to, target.name, any_size=any_size, eight_bits=in_8_bits
            )
            with output_errors(target):
                (path if to in FOLDERS else path.parent).joinpath(NAME).write_text(text, "utf-8")
        if folder is not None:
            write_golden(folder, bundle, expected, any_size=any_size, entry=entry)
        size = put_in_place(to, path, target)
    return Exported(
        path=str(target),
        format=to,
        size_bytes=size,
        any_size=any_size or second is not None,
        proof=proof,
        any_size_proof=second_proof,
        eight_bits=in_8_bits,
        golden=None if golden is None else str(golden),
    )


def _check(to: str, *, any_size: bool, int8: bool, golden: str | Path | None) -> None:
    """See that a format is known and can do what is asked.

    Raises:
        UsageError: It is not, or cannot.
    """
    if to not in FORMATS:
        raise UsageError(f"Unknown format '{to}'. {did_you_mean(to, FORMATS)}")
    if any_size:
        check_any_size(to)
    if int8 and to != "onnx":
        raise UsageError(f"Only ONNX files are written in 8 bits. Received: --to {to}.")
    if golden is not None:
        if int8:
            raise UsageError(
                "Golden pictures hold answers in 32 bits, which 8 bits do not give. "
                "Fix: leave out --golden or --int8"
            )
        check_golden_folder(Path(golden))


def _prove(order: Order, to: str, path: Path, expected: Expected, *, exactly: bool) -> Proof:
    """Return the proof of a file.

    Raises:
        ExportError: It cannot be run, or does not answer as its bundle.
    """
    modules = order.own_modules() if to == "keras" else ()
    proof = prove(order.bundle, to, FORMATS[to], path, expected, modules)
    if exactly and (wrong := proof.fails(TOLERANCE)):
        size = " x ".join(map(str, expected.given.shape[1:3]))
        raise ExportError(
            f"The {to} file does not answer as {order.source} about pictures of {size} and was "
            f"removed: {wrong}. It was run by {proof.runtime}."
        )
    return proof


def _images(source: Path, bundle: Bundle, progress: Progress) -> Pixels:
    """Return real images: the golden ones or, where these are few, the run's test images."""
    golden = bundle.golden.images
    if len(golden) >= IMAGES:
        return golden[:IMAGES]
    try:
        data = _data_of(source, bundle)
    except TellapartError as error:
        progress.say(
            f"The file is asked about the {len(golden)} golden images only; the run's test images "
            f"are out of reach: {error}"
        )
        return golden
    return np.asarray(data.test.spread(IMAGES).pixels)


def _data_of(source: Path, bundle: Bundle) -> Prepared:
    """Return the data of the run in whose folder a bundle lies.

    Raises:
        TellapartError: It lies in no run's folder or in another one's, or the data are gone.
    """
    run = RunFolder(source.parent)
    if run.record().fingerprint != bundle.manifest.data.fingerprint:
        raise DataError(f"{source} is not of the run in whose folder it lies.")
    return data_of_run(run, quiet=True)


def _to_8_bits(order: Order, path: Path) -> EightBits:
    """Let a file compute in 8 bits, and return what that costs and brings.

    Raises:
        UsageError: The run's validation images are out of reach.
        ExportError: It costs too much.
    """
    try:
        data = _data_of(order.source, order.bundle)
    except TellapartError as error:
        raise UsageError(
            "--int8 must be judged on the validation images of the run, which are out of reach: "
            f"{error} Fix: export the bundle in its run's folder, or leave out --int8"
        ) from error
    before = path.read_bytes()
    shown = np.asarray(data.train.spread(CALIBRATING).pixels)
    with output_errors(Path(tempfile.gettempdir())):
        after = to_8_bits(before, shown, order.contract(in_8_bits=True))
    part = data.validation.spread(MOST_IMAGES)
    split = "test" if data.validation is data.test else "validation"
    found = judge_8_bits(before, after, np.asarray(part.pixels), part.targets, split)
    with output_errors(path):
        path.write_bytes(after)
    return found
