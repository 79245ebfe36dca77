"""A trained classifier on disk: manifest, weights and golden examples in one file.

A bundle is a zip container of three members, of one more where it can tell what is unknown to
it, and of one more where it can be run without a framework; none of them is code or pickle.
This module knows no framework; `models.store` makes networks of bundles.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from tellapart.container import DAMAGE, pack_members, read_members
from tellapart.decisions import Decisions
from tellapart.errors import BundleError
from tellapart.files import sha256_hex, write_whole
from tellapart.manifest import (
    FORMAT_VERSION,
    Manifest,
    Member,
    Scores,
    manifest_to_json,
    parse_manifest,
)
from tellapart.profile import Profile

MANIFEST, WEIGHTS, GOLDEN = "manifest.json", "weights.safetensors", "golden.npz"
NOVELTY, TWIN = "novelty.safetensors", "network.onnx"
GOLDEN_TOLERANCE = 1e-4
"""How far a golden probability may be off on another machine, backend or version."""

_GOLDEN_LIMIT = 256 * 2**20
_KEY_OF_FILES = re.compile(rb"(\x0a|\x8a\x80*\x00)(\x08|\x88\x80*\x00)location")
"""How an ONNX file says that a tensor lies in another file (`StringStringEntryProto.key`).

The two numbers before the word may be written with more bytes than they need.
"""


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
    """A trained classifier, as it is on disk.

    Attributes:
        manifest: All that is no array.
        weights: By name.
        golden: Inputs with their outputs.
        references: `(m, width)`, float16: what novelty is measured against, exactly where
            `manifest.decisions` has a rule for it.
        twin: The same network as an ONNX file, with the outputs `probabilities` (as the network
            gives them) and `features`, or `None`.
    """

    manifest: Manifest
    weights: Mapping[str, NDArray[Any]]
    golden: Golden
    references: NDArray[np.float16] | None = None
    twin: bytes | None = None

    def with_scores(self, scores: Scores) -> "Bundle":
        """Return the same classifier with its test scores written down."""
        return replace(self, manifest=self.manifest.model_copy(update={"scores": scores}))

    def with_decisions(
        self,
        decisions: Decisions,
        references: NDArray[np.float16] | None,
        profile: Profile | None = None,
    ) -> "Bundle":
        """Return the same classifier with its rules, and the references that they need."""
        update = {"decisions": decisions, "profile": profile}
        manifest = self.manifest.model_copy(update=update)
        kept = references if decisions.novelty is not None else None
        return replace(self, manifest=manifest, references=kept)

    def with_twin(self, twin: bytes | None) -> "Bundle":
        """Return the same classifier with its network as ONNX beside the weights."""
        manifest = self.manifest.model_copy(update={"format_version": FORMAT_VERSION})
        return replace(self, manifest=manifest, twin=twin)


def write_bundle(path: Path, bundle: Bundle) -> Path:
    """Write a bundle, whole or not at all; the same bundle gives the same bytes.

    Raises:
        OutputError: The place cannot be written.
    """
    golden = io.BytesIO()
    np.savez_compressed(
        golden, images=bundle.golden.images, probabilities=bundle.golden.probabilities
    )
    members = {
        WEIGHTS: save_tensors({k: np.asarray(v, order="C") for k, v in bundle.weights.items()}),
        GOLDEN: golden.getvalue(),
    }
    if bundle.references is not None:
        references = np.asarray(bundle.references, np.float16, order="C")
        members[NOVELTY] = save_tensors({"references": references})
    if bundle.twin is not None:
        members[TWIN] = bundle.twin
    stamps = {k: Member(size_bytes=len(v), sha256=sha256_hex(v)) for k, v in members.items()}
    manifest = bundle.manifest.model_copy(update={"members": stamps})
    members = {MANIFEST: manifest_to_json(manifest), **members}
    return write_whole(path, pack_members(members))


def open_bundle(path: Path) -> Bundle:
    """Read a bundle, checking names, sizes, hashes and shapes before anything is built.

    Raises:
        BundleError: The file is missing, foreign, damaged or of a newer format.
    """
    members = read_members(path, (MANIFEST, WEIGHTS, GOLDEN), (NOVELTY, TWIN))
    manifest = parse_manifest(path, members[MANIFEST])
    if set(manifest.members) != set(members) - {MANIFEST}:
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
        references = _parse_references(members.get(NOVELTY), manifest)
        twin = _parse_twin(members.get(TWIN))
    except DAMAGE as error:
        raise BundleError(f"{path} is damaged: {error}.") from error
    return Bundle(manifest, weights, golden, references, twin)


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


def _parse_references(raw: bytes | None, manifest: Manifest) -> NDArray[np.float16] | None:
    rule = manifest.decisions.novelty if manifest.decisions is not None else None
    if (raw is None) != (rule is None):
        raise ValueError(f"{NOVELTY} and the manifest's rule for novelty must be there together")
    if raw is None or rule is None:
        return None
    references = load_tensors(raw)["references"]
    if references.ndim != 2 or references.dtype != np.float16 or len(references) < rule.neighbour:
        raise ValueError("the references do not fit the manifest")
    if not np.isfinite(references).all():
        raise ValueError("the references are not all numbers")
    return references


def _parse_twin(raw: bytes | None) -> bytes | None:
    """Return the twin, which must not read other files; ONNX Runtime reads the rest of it."""
    if raw is not None and b"location" in raw and _KEY_OF_FILES.search(raw):
        raise ValueError(f"{TWIN} names another file that holds its weights")
    return raw
