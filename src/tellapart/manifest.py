"""The manifest of a bundle: everything in it that is not an array."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tellapart.decisions import Decisions
from tellapart.errors import BundleError
from tellapart.profile import Profile
from tellapart.sections import ImageSpec

FORMAT_VERSION = 3
"""Version 1 had no decisions, version 2 no network as ONNX."""


class Record(BaseModel):
    """Is one frozen part of the manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


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
    """The headline of the evaluation on the test images, with its 95% interval."""

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
    decisions: Decisions | None = None
    profile: Profile | None = None
    members: dict[str, Member] = {}


def manifest_to_json(manifest: Manifest) -> bytes:
    """Return a manifest's text; version 1 had no key for decisions, and not all have a profile."""
    absent = {"decisions"} if manifest.format_version == 1 else set()
    absent |= {"profile"} if manifest.profile is None else set()
    return manifest.model_dump_json(indent=2, exclude=absent).encode()


def parse_manifest(path: Path, raw: bytes) -> Manifest:
    """Return the manifest of a bundle.

    Args:
        path: The bundle, for the message.
        raw: The manifest's bytes.

    Raises:
        BundleError: It is damaged, or of a newer format.
    """
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
