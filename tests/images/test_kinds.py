"""Telling pictures from other files by their first bytes, and endings that promise another."""

import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.images.decode import decode, read_file
from tellapart.images.kinds import HEAD_BYTES, SUFFIXES, SUFFIXES_OF, kind_of, suffix_remark
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CORPUS, SCENE
from craft import encode

READ = [name for name, nasty in CORPUS.items() if nasty.like is not None]
FOREIGN = [name for name, nasty in CORPUS.items() if nasty.reason == "unknown-format"]


@pytest.mark.parametrize("name", READ)
def test_the_first_bytes_of_every_readable_file_tell_its_kind(name: str) -> None:
    kind = kind_of(CORPUS[name].content[:HEAD_BYTES])
    assert kind is not None
    assert kind.lower() == name.split(",")[0]


@pytest.mark.parametrize("name", FOREIGN)
def test_other_files_are_of_no_kind(name: str) -> None:
    assert kind_of(CORPUS[name].content) is None


@given(st.binary(max_size=40))
def test_any_bytes_are_of_a_known_kind_or_of_none(content: bytes) -> None:
    assert kind_of(content) in {*SUFFIXES_OF, None}


@pytest.mark.parametrize("kind", SUFFIXES_OF)
def test_a_file_is_read_by_its_content_whatever_its_ending_is(kind: str, tmp_path: Path) -> None:
    content = encode(SCENE, "PNG" if kind == "PNG" else kind.upper())
    spec = ImageSpec(height=36, width=48, channels=3)
    expected = decode(content, spec).pixels.tolist()
    for suffix in sorted(SUFFIXES):
        for written in (suffix, suffix.upper()):
            path = tmp_path / f"picture{written}"
            path.write_bytes(content)
            decoded = read_file(path, spec)
            assert decoded.pixels.tolist() == expected
            fits = suffix in SUFFIXES_OF[kind]
            assert decoded.remarks == (() if fits else (f"{kind} named {suffix}",))


@pytest.mark.parametrize("name", ["picture 3", "cat", "cat.2024", ".", "", "apng.", "a.b.c"])
def test_a_name_without_a_pictures_ending_promises_nothing(name: str) -> None:
    assert suffix_remark(name, "JPEG") == ()


def test_nothing_behind_the_first_bytes_is_looked_at_whatever_length_they_promise() -> None:
    head = struct.pack(">I4s4sI", 2**32 - 1, b"ftyp", b"heic", 0)
    content = head + b"mif1" * ((HEAD_BYTES - len(head)) // 4) + b"avif" * 1000
    assert kind_of(content[:HEAD_BYTES]) is None
    assert kind_of(content) is None
