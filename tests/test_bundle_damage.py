"""Damaged bundles: a changed byte, a cut or noise is refused or changes nothing."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.bundle import Bundle, Golden, open_bundle, write_bundle
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
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a bundle file's bytes."""
    folder = tmp_path_factory.mktemp("whole")
    return write_bundle(folder / "model.tellapart", BUNDLE).read_bytes()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that a test may write over and over."""
    return tmp_path_factory.mktemp("scratch") / "model.tellapart"


def fate(scratch: Path, content: bytes) -> str:
    """Return what becomes of a file: "refused", "equal" or "different"."""
    scratch.write_bytes(content)
    try:
        read = open_bundle(scratch)
    except BundleError:
        return "refused"
    equal = (
        read.manifest.model_copy(update={"members": {}}) == BUNDLE.manifest
        and list(read.weights) == ["w"]
        and np.array_equal(read.weights["w"], BUNDLE.weights["w"])
        and np.array_equal(read.golden.images, IMAGES)
        and np.array_equal(read.golden.probabilities, PROBABILITIES)
    )
    return "equal" if equal else "different"


def test_the_whole_file_is_read(scratch: Path, whole: bytes) -> None:
    assert fate(scratch, whole) == "equal"


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_a_changed_byte_is_refused_or_changes_nothing(
    scratch: Path, whole: bytes, mask: int
) -> None:
    fates = {
        place: fate(scratch, whole[:place] + bytes([byte ^ mask]) + whole[place + 1 :])
        for place, byte in enumerate(whole)
    }
    assert [place for place, what in fates.items() if what == "different"] == []
    assert list(fates.values()).count("refused") > 0.8 * len(whole)


def test_a_file_cut_anywhere_is_refused(scratch: Path, whole: bytes) -> None:
    fates = [fate(scratch, whole[:length]) for length in range(len(whole))]
    assert set(fates) == {"refused"}


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2**32), st.integers(2, 8), st.booleans())
def test_many_changed_bytes_raise_nothing_but_a_bundle_error(
    scratch: Path, whole: bytes, seed: int, count: int, in_the_directory: bool
) -> None:
    chance, content = random.Random(seed), bytearray(whole)
    first = len(whole) - 260 if in_the_directory else 0
    for _ in range(count):
        content[chance.randrange(first, len(whole))] = chance.randrange(256)
    assert fate(scratch, bytes(content)) in {"refused", "equal"}


def test_a_name_that_is_no_text_is_refused(scratch: Path, whole: bytes) -> None:
    entry = whole.rindex(b"PK\x01\x02")
    content = bytearray(whole)
    content[entry + 9] |= 0x08  # the names are UTF-8 …
    content[entry + 46] = 0xFF  # … and this one is not
    assert fate(scratch, bytes(content)) == "refused"
