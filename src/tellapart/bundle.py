"""A trained classifier on disk: manifest, weights and golden examples in one file.

A bundle is a zip container of exactly three members, none of them code or pickle. This
module knows no framework; `models.store` makes networks of bundles.
"""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from tellapart.errors import BundleError
from tellapart.files import sha256_hex, write_whole
from tellapart.sections import ImageSpec

FORMAT_VERSION = 1
MANIFEST, WEIGHTS, GOLDEN = "manifest.json", "weights.safetensors", "golden.npz"
GOLDEN_TOLERANCE = 1e-4
"""How far a golden probability may be off on another machine, backend or version."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_GOLDEN_LIMIT = 256 * 2**20
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, SafetensorError, EOFError, OSError),
    *(ValueError, KeyError, TypeError, MemoryError, RuntimeError, NotImplementedError),
)
"""What the readers of the container and its members say of bytes they cannot use."""


class Record(BaseModel):
    """Is one frozen part of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Architecture(Record):
    """Which network: a builder of ours by name, or "custom" with Keras' own config."""

    name: str
    config: dict[str, Any] | None = None
    output: Literal["probabilities", "logits"] = "probabilities"
    parameters: int


class DataRecord(Record):
    """Which data it was trained on."""

    name: str
    fingerprint: str
    samples: dict[str, int]


class Scores(Record):
    """The headline of the evaluation on the test images, with its 95 % interval."""

    accuracy: float
    accuracy_low: float
    accuracy_high: float
    loss: float
    samples: int


class Member(Record):
    """Size and SHA-256 of one member of the container."""

    size_bytes: int
    sha256: str


class Manifest(Record):
    """Everything in a bundle that is not an array."""

    format_version: int = FORMAT_VERSION
    name: str
    created: str
    architecture: Architecture
    class_names: Annotated[tuple[str, ...], Field(min_length=2)]
    image: ImageSpec
    recipe: str
    data: DataRecord
    versions: dict[str, str]
    scores: Scores | None = None
    members: dict[str, Member] = {}


@dataclass(frozen=True)
class Golden:
    """A few real inputs with the outputs that the trained network gave for them.

    Attributes:
        images: `(n, height, width, channels)`, uint8.
        probabilities: `(n, classes)`, float32.
    """

    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Bundle:
    """A trained classifier, as it is on disk."""

    manifest: Manifest
    weights: Mapping[str, NDArray[Any]]
    golden: Golden

    def with_scores(self, scores: Scores) -> "Bundle":
        """Return the same classifier with its test scores written down."""
        return replace(self, manifest=self.manifest.model_copy(update={"scores": scores}))


def write_bundle(path: Path, bundle: Bundle) -> Path:
    """Write a bundle, whole or not at all; the same bundle gives the same bytes.

    Raises:
        OutputError: The place cannot be written.
    """
    golden = io.BytesIO()
    np.savez(golden, images=bundle.golden.images, probabilities=bundle.golden.probabilities)
    members = {
        WEIGHTS: save_tensors({k: np.asarray(v, order="C") for k, v in bundle.weights.items()}),
        GOLDEN: golden.getvalue(),
    }
    stamps = {k: Member(size_bytes=len(v), sha256=sha256_hex(v)) for k, v in members.items()}
    manifest = bundle.manifest.model_copy(update={"members": stamps})
    members = {MANIFEST: manifest.model_dump_json(indent=2).encode(), **members}
    container = io.BytesIO()
    with zipfile.ZipFile(container, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return write_whole(path, container.getvalue())


def open_bundle(path: Path) -> Bundle:
    """Read a bundle, checking names, sizes, hashes and shapes before anything is built.

    Raises:
        BundleError: The file is missing, foreign, damaged or of a newer format.
    """
    members = _read_members(path)
    manifest = _parse_manifest(path, members[MANIFEST])
    if set(manifest.members) != {WEIGHTS, GOLDEN}:
        raise BundleError(f"{path} is damaged: its manifest does not list its members.")
    for name, stamp in manifest.members.items():
        if stamp.size_bytes != len(members[name]) or stamp.sha256 != sha256_hex(members[name]):
            raise BundleError(
                f"{path} is damaged: {name} is not what the manifest says (SHA-256 differs). "
                "Copy the file again, or train again."
            )
    try:
        weights = load_tensors(members[WEIGHTS])
        golden = _parse_golden(members[GOLDEN], manifest)
    except _DAMAGE as error:
        raise BundleError(f"{path} is damaged: {error}.") from error
    return Bundle(manifest, weights, golden)


def _read_members(path: Path) -> dict[str, bytes]:
    """Return the three members' bytes; they are stored, so no more than the file's size."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [info.filename for info in archive.infolist()]
            if sorted(names) != sorted([MANIFEST, WEIGHTS, GOLDEN]):
                raise BundleError(
                    f"{path} is not a tellapart bundle: it must hold exactly {MANIFEST}, "
                    f"{WEIGHTS} and {GOLDEN}. Received: {', '.join(names) or 'nothing'}."
                )
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise BundleError(f"{path} is not a tellapart bundle: a member is compressed.")
            return {name: archive.read(name) for name in names}
    except FileNotFoundError as error:
        raise BundleError(f"There is no bundle {path}.") from error
    except IsADirectoryError as error:
        raise BundleError(
            f"{path} is a folder. Name the bundle in it: {path / 'model.tellapart'}"
        ) from error
    except _DAMAGE as error:
        raise BundleError(
            f"{path} is not a tellapart bundle, or is cut short or damaged: {error}."
        ) from error


def _parse_manifest(path: Path, raw: bytes) -> Manifest:
    try:
        values = json.loads(raw)
        version = values.get("format_version") if isinstance(values, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise BundleError(
                f"{path} has format version {version}; this tellapart reads up to "
                f"{FORMAT_VERSION}. Fix: pip install --upgrade tellapart"
            )
        manifest = Manifest.model_validate_json(raw)
    except (ValidationError, ValueError, RecursionError) as error:
        where = error.errors()[0]["loc"] if isinstance(error, ValidationError) else error
        raise BundleError(f"{path} is damaged: its manifest is wrong at {where}.") from error
    if len(set(manifest.class_names)) != len(manifest.class_names):
        raise BundleError(f"{path} is damaged: it names a class twice.")
    return manifest


def _parse_golden(raw: bytes, manifest: Manifest) -> Golden:
    with zipfile.ZipFile(io.BytesIO(raw)) as inner:
        if sum(info.file_size for info in inner.infolist()) > _GOLDEN_LIMIT:
            raise ValueError("the golden examples are too large")
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        golden = Golden(arrays["images"], arrays["probabilities"])
    count = golden.images.shape[:1]
    if golden.images.shape != (*count, *manifest.image.shape) or golden.images.dtype != np.uint8:
        raise ValueError("the golden images do not fit the manifest")
    if golden.probabilities.shape != (*count, len(manifest.class_names)):
        raise ValueError("the golden probabilities do not fit the manifest")
    return golden
