"""Ask a trained classifier about any number of pictures, into files."""

import glob
import io
import shlex
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from tellapart._version import __version__
from tellapart.data.given import STANDARD_INPUT
from tellapart.data.layout import Layout
from tellapart.errors import UsageError, did_you_mean
from tellapart.files import sha256_hex
from tellapart.manifest import manifest_to_json
from tellapart.predict.inputs import Inputs
from tellapart.predict.predictor import Predictor
from tellapart.predict.writers import FORMATS
from tellapart.progress import open_progress
from tellapart.workflow.batch import Batch
from tellapart.workflow.batch_job import Job, SourceRecord
from tellapart.workflow.batch_summary import BatchSummary
from tellapart.workflow.predict import NO_RULES, open_model

SHARD = 10_000
"""Pictures in a shard."""

_OTHER_FILES = ("json", "ndjson", "txt", "tsv", "xlsx", "gz", "zst", "zip", "tar", "arrow")
"""Endings of files, by which nobody means a folder."""


def predict_all(
    model: str | Path | Predictor,
    sources: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    format: str | None = None,
    shard: int | None = None,
    top: int = 3,
    risk: float | None = None,
    always_answer: bool = False,
    layout: Layout | None = None,
    trust: bool = False,
    backend: str | None = None,
    quiet: bool = False,
) -> BatchSummary:
    """Write what a classifier says about any number of pictures, with bounded memory.

    A folder of answers gets shards that are whole or absent; the same call again goes on where
    it stopped. A file is whole or absent, and begun anew.

    Args:
        model: A `Predictor`, or the path of a bundle.
        sources: Files, folders, patterns, tables and archives, one or several, as
            `data.given.open_given` takes them.
        output: A folder; or a file that ends in `.csv`, `.jsonl` or `.parquet`.
        format: "csv", "jsonl" or "parquet": of a folder's shards; "csv" by default.
        shard: How many pictures are in one, 10,000 by default.
        top: How many classes to name, best first.
        risk: Accept this share of wrong labels, instead of what the recipe says.
        always_answer: Give a label to every picture, however unsure.
        layout: Which column of a table has the pictures, and where its paths start.
        trust: Build a network of its maker's own, which may run code; not needed for ONNX.
        backend: What `open_model` takes.
        quiet: Show no progress.

    Returns:
        How many pictures got which verdict, and how long it took; a folder of answers has it
        as `summary.json` too. A picture that cannot be read has a row that says why.

    Raises:
        UsageError: An argument cannot be used, or the folder holds the answers to another call.
        DataError: A table is damaged; or the sources changed since the folder was begun.
        BundleError: The bundle cannot be used.
        OutputError: The place cannot be written.
        MissingExtraError: Parquet, and pyarrow is not installed.
        Interrupted: A signal asked for a stop; whole shards stay.

    Example:
        >>> predict_all("model.tellapart", "photos.zip", "answers.txt.gz", format="xml")
        Traceback (most recent call last):
        tellapart.errors.UsageError: Unknown format 'xml'. Known: csv, jsonl, parquet.
    """
    words = [sources] if isinstance(sources, str | Path) else list(sources)
    place, is_file = Path(output), _is_file(Path(output), format, shard)
    inputs = _open_inputs([str(word) for word in words], layout)
    _check_apart(place, inputs)
    predictor = (
        model if isinstance(model, Predictor) else open_model(model, trust=trust, backend=backend)
    )
    predictor.pages((), top=top, risk=risk, always_answer=always_answer)  # refuses what it must
    kind = place.suffix[1:].lower() if is_file else format or "csv"
    FORMATS[kind](io.BytesIO(), predictor.class_names, top)  # refuses what is not installed
    job = Job(
        tellapart=__version__,
        bundle=_identity(predictor),
        runtime=_runtime_of(predictor),
        sources=tuple(
            SourceRecord(
                given=given.word,
                resolved=given.resolved,
                pictures=given.total,
                size_bytes=given.size_bytes,
            )
            for given in inputs.given
        ),
        layout=(layout or Layout()).to_record(),
        top=top,
        risk=risk,
        always_answer=always_answer,
        format=kind,
        shard=shard or SHARD,
    )
    progress = open_progress(quiet=quiet)
    if predictor.manifest.decisions is None and not always_answer:
        progress.say(NO_RULES)
    batch = Batch(predictor, inputs, job, progress)
    if is_file:
        return batch.to_file(place)
    command = (
        None
        if isinstance(model, Predictor)
        else _command(str(model), job, str(output), backend, trust=trust)
    )
    return batch.to_folder(place, command)


def _runtime_of(predictor: Predictor) -> str:
    """Return what computes the answers; two backends of Keras differ in their last digits."""
    if predictor.runtime != "keras":
        return predictor.runtime
    import keras

    return f"keras on {keras.backend.backend()}"


def _check_apart(output: Path, inputs: Inputs) -> None:
    """Raise `UsageError` where answers would lie among tables that are all read."""
    place = output.resolve()
    for given in inputs.given:
        root = _root_of(given.word)
        has_tables = any(
            file.suffix.lower() == ".parquet" for s in given.sources for file in s.files
        )
        if has_tables and root.is_dir() and place.is_relative_to(root):
            raise UsageError(
                f"Answers must not lie among the Parquet files of {given.word}, which are all "
                f"read. Received: --output {output}. Fix: choose a place elsewhere"
            )


def _root_of(word: str) -> Path:
    """Return what a word names, or the folder that a pattern looks below."""
    path = Path(word)
    if not path.exists():
        path = Path(*takewhile(lambda part: not glob.has_magic(part), path.parts))
    return path.resolve()


def _is_file(output: Path, format: str | None, shard: int | None) -> bool:
    """Return whether one file is asked for, rather than a folder.

    Raises:
        UsageError: Format, shard and place do not go together.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"Unknown format '{format}'. {did_you_mean(format, FORMATS)}")
    if shard is not None and shard < 1:
        raise UsageError(f"`shard` must be at least 1. Received: {shard}. Fix: --shard {SHARD}")
    ending = output.suffix[1:].lower()
    if output.is_dir():
        return False
    if ending in _OTHER_FILES:
        raise UsageError(
            "Answers go into a folder, or into a file that ends in .csv, .jsonl or .parquet. "
            f"Received: {output}. Fix: --output {output.with_suffix('.jsonl')}"
        )
    if ending not in FORMATS:
        return False
    if shard is not None:
        raise UsageError(f"One file has no shards. Received: --shard {shard}. Fix: leave it out")
    if format not in (None, ending):
        raise UsageError(
            f"The format must be that of the file's ending. Received: {format}, for {output}. "
            f"Fix: --format {ending}"
        )
    return True


def _open_inputs(words: list[str], layout: Layout | None) -> Inputs:
    if STANDARD_INPUT in words:
        raise UsageError(
            "A picture on standard input cannot be answered into files: give its path, or leave "
            "out --output."
        )
    return Inputs(words, layout=layout)


def _identity(predictor: Predictor) -> str:
    """Return the SHA-256 of a bundle's manifest, which holds those of all its members."""
    manifest = predictor.manifest
    if not manifest.members:
        raise UsageError(
            "The classifier must be in a file, so that answers can be told from another's. "
            "Fix: give the path of its bundle"
        )
    return sha256_hex(manifest_to_json(manifest))


def _command(model: str, job: Job, output: str, backend: str | None, *, trust: bool) -> str:
    """Return the command line that asks for the same."""
    options: dict[str, str | None] = {
        "--output": output,
        "--format": job.format,
        "--shard": str(job.shard),
        "--top": str(job.top),
        "--risk": None if job.risk is None else str(job.risk),
        "--backend": backend,
        "--root": job.layout.get("root"),
        "--column": f"image={job.layout['image']}" if "image" in job.layout else None,
    }
    words = [model, *(source.given for source in job.sources)]
    words += [word for name, value in options.items() if value for word in (name, value)]
    words += ["--always-answer"] * job.always_answer + ["--trust"] * trust
    return shlex.join(["tellapart", "predict", *words])
