"""Bundles: what was written is read again, and what is no bundle is refused by name."""

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import ModelProto, StringStringEntryProto, TensorProto
from safetensors.numpy import save as save_tensors

from tellapart.bundle import (
    GOLDEN,
    MANIFEST,
    NOVELTY,
    TWIN,
    WEIGHTS,
    Bundle,
    Golden,
    open_bundle,
    write_bundle,
)
from tellapart.decisions import Decisions, NoveltyRule
from tellapart.errors import BundleError, OutputError
from tellapart.manifest import Architecture, DataRecord, Manifest, Scores
from tellapart.sections import ImageSpec

SCORES = Scores(accuracy=0.9, accuracy_low=0.89, accuracy_high=0.91, loss=0.3, samples=10_000)


def make_bundle(seed: int = 0, **manifest: Any) -> Bundle:
    """Return a bundle of two classes, three examples and some weights."""
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {
        "name": "guide",
        "created": "2025-01-01T00:00:00Z",
        "architecture": Architecture(name="guide-cnn", parameters=9),
        "class_names": ("T-shirt", "Bötchen"),
        "image": ImageSpec(height=2, width=3),
        "recipe": 'name = "guide"\n',
        "data": DataRecord(name="mine", fingerprint="ab" * 32, samples={"train": 3}),
        "versions": {"keras": "3.15.0"},
    }
    weights: dict[str, NDArray[Any]] = {
        "dense/kernel": random.random((4, 2), np.float32),
        "dense/bias": random.random(2).astype(np.float16),
        "steps": np.array(7, np.int64),
    }
    images = random.integers(0, 256, (3, 2, 3, 1), np.uint8)
    golden = Golden(images, random.random((3, 2), np.float32))
    return Bundle(Manifest(**{**values, **manifest}), weights, golden)


def assert_equal(one: Bundle, other: Bundle) -> None:
    """Assert the same content; only the writer knows the members' stamps."""
    unstamped = [b.manifest.model_copy(update={"members": {}}) for b in (one, other)]
    assert unstamped[0] == unstamped[1]
    assert one.weights.keys() == other.weights.keys()
    pairs = [(one.weights[name], other.weights[name]) for name in one.weights]
    pairs.append((one.golden.images, other.golden.images))
    pairs.append((one.golden.probabilities, other.golden.probabilities))
    assert (one.references is None) == (other.references is None)
    if one.references is not None and other.references is not None:
        pairs.append((one.references, other.references))
    for left, right in pairs:
        assert left.dtype == right.dtype
        assert np.array_equal(left, right)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "model.tellapart", make_bundle())


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that a test may write over and over."""
    return tmp_path_factory.mktemp("scratch") / "model.tellapart"


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def message_for(path: Path) -> str:
    with pytest.raises(BundleError) as caught:
        open_bundle(path)
    assert caught.value.exit_code == 4
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("scores", [None, SCORES])
def test_what_was_written_is_read_again(tmp_path: Path, scores: Scores | None) -> None:
    bundle = make_bundle(scores=scores)
    path = write_bundle(tmp_path / "new" / "model.tellapart", bundle)
    assert_equal(open_bundle(path), bundle)
    assert open_bundle(path).manifest.scores == scores


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [write_bundle(tmp_path / name, make_bundle()) for name in ("a", "b")]
    again = write_bundle(tmp_path / "c", open_bundle(paths[0]))
    assert paths[0].read_bytes() == paths[1].read_bytes() == again.read_bytes()
    with zipfile.ZipFile(again) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(), min_size=2, max_size=5, unique=True), st.integers(0, 100))
def test_class_names_keep_their_order_and_every_letter(
    scratch: Path, class_names: list[str], seed: int
) -> None:
    bundle = make_bundle(seed, class_names=tuple(class_names))
    probabilities = np.zeros((3, len(class_names)), np.float32)
    bundle = replace(bundle, golden=replace(bundle.golden, probabilities=probabilities))
    assert_equal(open_bundle(write_bundle(scratch, bundle)), bundle)


@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1, 1, 2)])
def test_weights_of_any_shape_and_memory_order_keep_their_values(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    weights = np.arange(np.prod(shape), dtype=np.float32).reshape(shape).T
    bundle = replace(make_bundle(), weights={"w": weights})
    assert_equal(open_bundle(write_bundle(tmp_path / "a.tellapart", bundle)), bundle)


def test_a_bundle_holds_three_plain_members(path: Path) -> None:
    members = members_of(path)
    assert list(members) == [MANIFEST, WEIGHTS, GOLDEN]
    manifest = json.loads(members[MANIFEST])
    assert manifest["class_names"] == ["T-shirt", "Bötchen"]
    assert manifest["members"][WEIGHTS]["size_bytes"] == len(members[WEIGHTS])


def test_scores_are_written_down_on_a_copy() -> None:
    bundle = make_bundle()
    assert bundle.with_scores(SCORES).manifest.scores == SCORES
    assert bundle.manifest.scores is None


def test_a_bundle_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="Cannot write"):
        write_bundle(tmp_path / "file" / "model.tellapart", make_bundle())


def test_a_missing_bundle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.tellapart"
    assert message_for(path) == f"There is no bundle {path}."


def test_a_folder_is_answered_with_the_bundle_in_it(tmp_path: Path) -> None:
    assert message_for(tmp_path).endswith(f"Name the bundle in it: {tmp_path / 'model.tellapart'}")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tellapart"
    path.write_bytes(content)
    assert "is not a tellapart bundle, or is cut short or damaged" in message_for(path)


def test_a_foreign_zip_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    pack(path, {"config.json": b"{}", "model.weights.h5": b""})
    message = message_for(path)
    assert (
        f"it must hold exactly {MANIFEST}, {WEIGHTS} and {GOLDEN}, with or without {NOVELTY} "
        f"and {TWIN}." in message
    )
    assert message.endswith("Received: config.json, model.weights.h5.")


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tellapart"
    pack(path, {})
    assert message_for(path).endswith("Received: nothing.")


@pytest.mark.parametrize("extra", ["code.py", "../evil", MANIFEST])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_too_many_is_refused(path: Path, extra: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(extra, b"x")
    assert extra in message_for(path).rpartition("Received: ")[2]


@pytest.mark.parametrize("missing", [MANIFEST, WEIGHTS, GOLDEN])
def test_a_member_too_few_is_refused(path: Path, missing: str) -> None:
    pack(path, {name: content for name, content in members_of(path).items() if name != missing})
    assert missing not in message_for(path).rpartition("Received: ")[2]


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_compressed_member_is_refused(path: Path, compression: int) -> None:
    pack(path, members_of(path), compression)
    assert message_for(path).endswith("a member is compressed.")


def test_a_newer_format_is_answered_with_the_upgrade(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "a.tellapart", make_bundle(format_version=4))
    assert message_for(path) == (
        f"{path} has format version 4; this tellapart reads up to 3. "
        "Fix: pip install --upgrade tellapart"
    )


RULES = Decisions(
    samples=100,
    temperature=0.7,
    risk=0.02,
    coverage=0.9,
    table=None,
    set_threshold=0.4,
    novelty=NoveltyRule(neighbour=2, threshold=0.1, share=0.05, samples=100),
)
REFERENCES = np.arange(12, dtype=np.float16).reshape(4, 3)


def test_rules_and_references_are_read_again(tmp_path: Path) -> None:
    bundle = make_bundle().with_decisions(RULES, REFERENCES)
    path = write_bundle(tmp_path / "a.tellapart", bundle)
    assert list(members_of(path)) == [MANIFEST, WEIGHTS, GOLDEN, NOVELTY]
    assert_equal(open_bundle(path), bundle)
    assert write_bundle(tmp_path / "b.tellapart", open_bundle(path)).read_bytes() == (
        path.read_bytes()
    )


def test_references_without_a_rule_are_not_kept(tmp_path: Path) -> None:
    rules = RULES.model_copy(update={"novelty": None})
    bundle = make_bundle().with_decisions(rules, REFERENCES)
    path = write_bundle(tmp_path / "a.tellapart", bundle)
    assert list(members_of(path)) == [MANIFEST, WEIGHTS, GOLDEN]
    assert_equal(open_bundle(path), bundle)


def test_a_twin_is_read_again_whatever_the_rules_become(tmp_path: Path) -> None:
    bundle = make_bundle(format_version=2).with_twin(b"a network")
    bundle = bundle.with_decisions(RULES, REFERENCES).with_scores(SCORES)
    path = write_bundle(tmp_path / "a.tellapart", bundle)
    assert list(members_of(path)) == [MANIFEST, WEIGHTS, GOLDEN, NOVELTY, TWIN]
    found = open_bundle(path)
    assert (found.twin, found.manifest.format_version) == (b"a network", 3)
    assert_equal(found, bundle)


def test_a_twin_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "a.tellapart", make_bundle().with_twin(b"a network"))
    pack(path, {**members_of(path), TWIN: b"b network"})
    assert f"{TWIN} is not what the manifest says" in message_for(path)


@pytest.mark.parametrize(
    ("tag", "length"),
    [(b"\x0a", b"\x08"), (b"\x8a\x00", b"\x08"), (b"\x0a", b"\x88\x80\x00")],
    ids=["as usual", "a long tag", "a long length"],
)
def test_a_twin_that_would_read_another_file_is_refused(
    tmp_path: Path, tag: bytes, length: bytes
) -> None:
    entry = tag + length + b"location" + b"\x12\x0b/etc/passwd"
    assert StringStringEntryProto.FromString(entry).key == "location"
    part = TensorProto(name="w", data_location=TensorProto.EXTERNAL).SerializeToString()
    tensor = part + b"\x6a" + bytes([len(entry)]) + entry
    assert TensorProto.FromString(tensor).external_data[0].value == "/etc/passwd"
    graph = b"\x2a" + bytes([len(tensor)]) + tensor
    twin = b"\x3a" + bytes([len(graph)]) + graph
    assert len(ModelProto.FromString(twin).graph.initializer) == 1
    path = write_bundle(tmp_path / "a.tellapart", make_bundle().with_twin(twin))
    assert f"{TWIN} names another file" in message_for(path)


def test_a_file_of_version_2_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "a.tellapart", make_bundle(format_version=2))
    found = open_bundle(path)
    assert (found.manifest.format_version, found.twin) == (2, None)
    assert write_bundle(tmp_path / "b.tellapart", found).read_bytes() == path.read_bytes()


def test_a_file_of_version_1_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "a.tellapart", make_bundle(format_version=1))
    assert "decisions" not in json.loads(members_of(path)[MANIFEST])
    found = open_bundle(path)
    assert (found.manifest.format_version, found.manifest.decisions) == (1, None)
    assert write_bundle(tmp_path / "b.tellapart", found).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("references", "says"),
    [
        (None, "must be there together"),
        (REFERENCES.astype(np.float32), "the references do not fit the manifest"),
        (REFERENCES[0], "the references do not fit the manifest"),
        (REFERENCES[:1], "the references do not fit the manifest"),
        (np.full((4, 3), np.nan, np.float16), "the references are not all numbers"),
    ],
    ids=["missing", "float32", "one row", "too few", "no numbers"],
)
def test_references_that_do_not_fit_are_refused(
    tmp_path: Path, references: NDArray[Any] | None, says: str
) -> None:
    path = write_bundle(tmp_path / "a.tellapart", make_bundle().with_decisions(RULES, REFERENCES))
    members = members_of(path)
    del members[NOVELTY]
    if references is not None:
        members[NOVELTY] = save_tensors({"references": references})
    pack(path, stamped(members))
    assert says in message_for(path)


def test_references_that_nobody_asked_for_are_refused(path: Path) -> None:
    members = members_of(path)
    pack(path, stamped({**members, NOVELTY: save_tensors({"references": REFERENCES})}))
    assert "must be there together" in message_for(path)


def test_references_that_were_changed_are_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "a.tellapart", make_bundle().with_decisions(RULES, REFERENCES))
    other = save_tensors({"references": REFERENCES + 1})
    pack(path, {**members_of(path), NOVELTY: other})
    assert f"{NOVELTY} is not what the manifest says" in message_for(path)


def stamped(members: dict[str, bytes]) -> dict[str, bytes]:
    """Return members whose manifest lists them as they are."""
    manifest = json.loads(members[MANIFEST])
    manifest["members"] = {
        name: {"size_bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
        for name, raw in members.items()
        if name != MANIFEST
    }
    return {**members, MANIFEST: json.dumps(manifest).encode()}
