"""Bundles that are whole but not right: other members, shapes, keys than they must have."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save as save_tensors

from tellapart.bundle import GOLDEN, MANIFEST, WEIGHTS, Bundle, Golden, open_bundle, write_bundle
from tellapart.errors import BundleError
from tellapart.manifest import Architecture, DataRecord, Manifest
from tellapart.sections import ImageSpec

IMAGES = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
PROBABILITIES = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
BUNDLE = Bundle(
    Manifest(
        name="guide",
        created="2025-01-01",
        architecture=Architecture(name="guide-cnn", parameters=3),
        class_names=("a", "b"),
        image=ImageSpec(height=2, width=2),
        recipe="",
        data=DataRecord(name="mine", fingerprint="ab", samples={"train": 3}),
        versions={},
    ),
    {"w": np.arange(3, dtype=np.float32)},
    Golden(IMAGES, PROBABILITIES),
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that a test may write over and over."""
    return tmp_path_factory.mktemp("scratch") / "model.tellapart"


def message_for(path: Path, **changed: bytes | None) -> str:
    """Return what is said of a file with changed members, the stamps set right again."""
    write_bundle(path, BUNDLE)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members |= {
        name: content
        for name, content in [(WEIGHTS, changed.get("weights")), (GOLDEN, changed.get("golden"))]
        if content is not None
    }
    manifest = json.loads(members[MANIFEST])
    for name, stamp in manifest["members"].items():
        content = members[name]
        stamp.update(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    members[MANIFEST] = changed.get("manifest") or json.dumps(manifest).encode()
    return message_for_members(path, members)


def message_for_members(path: Path, members: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(BundleError) as caught:
        open_bundle(path)
    assert caught.value.exit_code == 4
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("name", [WEIGHTS, GOLDEN])
def test_a_member_that_is_not_the_stamped_one_is_named(scratch: Path, name: str) -> None:
    write_bundle(scratch, BUNDLE)
    with zipfile.ZipFile(scratch) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    other = {WEIGHTS: save_tensors({"w": np.ones(3, np.float32)}), GOLDEN: npz(images=IMAGES)}
    message = message_for_members(scratch, {**members, name: other[name]})
    assert f"is damaged: {name} is not what the manifest says (SHA-256 differs)." in message
    assert message.endswith("Copy the file again, or train again.")


@pytest.mark.parametrize(
    ("images", "probabilities", "which"),
    [
        (IMAGES[:, :1], PROBABILITIES, "images"),
        (IMAGES[..., 0], PROBABILITIES, "images"),
        (IMAGES.astype(np.float32), PROBABILITIES, "images"),
        (np.array(7, np.uint8), PROBABILITIES, "images"),
        (IMAGES, PROBABILITIES[:, :1], "probabilities"),
        (IMAGES, PROBABILITIES[:1], "probabilities"),
        (IMAGES, np.float32(0.5), "probabilities"),
    ],
)
def test_golden_examples_of_another_shape_are_refused(
    scratch: Path, images: Any, probabilities: Any, which: str
) -> None:
    message = message_for(scratch, golden=npz(images=images, probabilities=probabilities))
    assert message.endswith(f"is damaged: the golden {which} do not fit the manifest.")


@pytest.mark.parametrize(
    ("golden", "says"),
    [
        (npz(images=IMAGES), "probabilities is not a file in the archive"),
        (npz(images=np.array([print], object), probabilities=PROBABILITIES), "allow_pickle=False"),
        (b"not a zip", "not a zip file"),
    ],
    ids=["member missing", "pickle", "no zip"],
)
def test_golden_examples_that_are_no_plain_arrays_are_refused(
    scratch: Path, golden: bytes, says: str
) -> None:
    assert says in message_for(scratch, golden=golden)


def test_weights_that_are_no_tensors_are_refused(scratch: Path) -> None:
    assert "is damaged: " in message_for(scratch, weights=b"\xff" * 40)


def manifest_with(change: Callable[[dict[str, Any]], object]) -> bytes:
    values = json.loads(BUNDLE.manifest.model_dump_json())
    stamp = {"size_bytes": 1, "sha256": "00"}
    values["members"] = {WEIGHTS: stamp, GOLDEN: stamp}
    change(values)
    return json.dumps(values).encode()


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (b"\xff\xfe", "its manifest is wrong at"),
        (b"[1, 2]", "its manifest is wrong at"),
        (b"[" * 100_000, "its manifest is wrong at"),
        (manifest_with(lambda m: m.pop("image")), "its manifest is wrong at ('image',)"),
        (manifest_with(lambda m: m.update(code="x")), "its manifest is wrong at ('code',)"),
        (manifest_with(lambda m: m.update(class_names=["a"])), "wrong at ('class_names',)"),
        (manifest_with(lambda m: m.update(class_names=["a", "a"])), "it names a class twice."),
        (manifest_with(lambda m: m["members"].pop(GOLDEN)), "does not list its members."),
        (manifest_with(lambda _: None), "(SHA-256 differs)"),
    ],
    ids=[
        *("no text", "a list", "nested", "a key missing", "a key too many", "one class"),
        *("a class twice", "a stamp missing", "wrong stamps"),
    ],
)
def test_a_wrong_manifest_is_refused(scratch: Path, manifest: bytes, says: str) -> None:
    assert says in message_for(scratch, manifest=manifest)
