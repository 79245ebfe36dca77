"""Archives that were made to lead a reader astray: each is one clear error, and costs little."""

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tellapart.data.archives import open_archive
from tellapart.errors import ImageError

MIB = 1 << 20


def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4), 7, np.uint8)).save(file, "PNG")
    return file.getvalue()


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return the header of a member, whatever size it claims."""
    info = tarfile.TarInfo(name)
    info.type = kind
    raw = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    raw[124:136] = size.to_bytes(12, "big", signed=True) if size < 0 else b"%011o\0" % size
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def member(name: str) -> bytes:
    return header(name, len(png())) + padded(png())


def pax(*records: tuple[str, str], kind: bytes = tarfile.XHDTYPE) -> bytes:
    """Return a pax header of records, each of which begins with its own length."""
    content = b""
    for key, value in records:
        rest = f" {key}={value}\n".encode()
        length = next(n for n in range(len(rest), len(rest) + 9) if len(str(n)) + len(rest) == n)
        content += str(length).encode() + rest
    return header("pax", len(content), kind) + padded(content)


def first_answers(path: Path) -> list[Any]:
    """Return what stands for the first pictures: their names, or why there are none."""
    found = islice(open_archive(path).stream(), 50)
    return [one.content if isinstance(one.content, ImageError) else one.name for one in found]


@pytest.mark.parametrize(
    "second",
    [
        header("b.png", -512) + padded(png()),
        header("b.png", -512, tarfile.FIFOTYPE) + padded(png()),
        pax(("size", "-1536")) + member("b.png"),
        pax(("size", "-512"), kind=tarfile.XGLTYPE) + member("b.png"),
        header("long", -512, tarfile.GNUTYPE_LONGNAME) + member("b.png"),
    ],
    ids=["size", "size of what is no file", "pax size", "global pax size", "long name"],
)
@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_a_tar_that_leads_backwards_ends_there_with_an_error(
    second: bytes, suffix: str, in_tmp: Path
) -> None:
    raw = member("a.png") + second + bytes(1024)
    path = Path(f"photos{suffix}")
    path.write_bytes(gzip.compress(raw) if suffix == ".tar.gz" else raw)
    first, error = first_answers(path)
    assert first == f"photos{suffix}/a.png"
    assert (error.name, error.reason) == (str(path), "damaged")
    assert "after 1 pictures it cannot be read on" in error.detail
    assert list(in_tmp.iterdir()) == [in_tmp / path]


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
@pytest.mark.parametrize("before", [b"", member("a.png")], ids=["first", "later"])
def test_a_header_of_many_megabytes_is_an_error_that_costs_no_memory(
    kind: bytes, before: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photos.tar.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(before + header("long", 64 * MIB, kind))
        for _ in range(64):
            file.write(b"a" * MIB)
        file.write(member("b.png") + bytes(1024))
    tracemalloc.start()
    try:
        *_, error = first_answers(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
    assert error.reason == "damaged"
    assert "a header has more than 1,048,576 bytes" in error.detail
    assert "\n" not in error.detail


def sparse(blocks: int) -> bytes:
    """Return a member whose map of holes fills as many blocks after its header."""
    raw = bytearray(header("a.png", 0, tarfile.GNUTYPE_SPARSE))
    raw[482] = 1
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    block = b"%011o\0%011o\0" % (1, 1) * 21
    return bytes(raw) + (block + b"\1" + bytes(7)) * blocks + bytes(512)


@pytest.mark.parametrize(
    "content",
    [
        b"".join(pax((f"k{n}", "a" * 40_000)) for n in range(50)) + member("a.png"),
        b"".join(
            pax((f"k{n}", "a" * 40_000), kind=tarfile.XGLTYPE) + member(f"{n}.png")
            for n in range(40)
        ),
        sparse(4000),
    ],
    ids=["a chain of headers", "global headers", "a map of holes"],
)
def test_headers_that_are_too_much_together_are_an_error_too(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "photos.tar"
    path.write_bytes(content + bytes(1024))
    *_, error = first_answers(path)
    assert isinstance(error, ImageError)
    assert "more than 1,048,576 bytes" in error.detail


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_of_honest_tars_are_read(form: int, in_tmp: Path) -> None:
    names = [f"{'d' * 200}/{n}/{'ü' * 60}.png" for n in range(3)]
    with tarfile.open("photos.tar", "w", format=form) as archive:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = len(png())
            archive.addfile(info, io.BytesIO(png()))
    found = list(open_archive(Path("photos.tar")).stream())
    assert [one.name for one in found] == [f"photos.tar/{name}" for name in names]
    assert [one.content for one in found] == [png()] * 3
    assert list(in_tmp.iterdir()) == [in_tmp / "photos.tar"]


def test_a_member_of_a_zip_without_a_name_is_left_alone(in_tmp: Path) -> None:
    path = in_tmp / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.png", png())
        archive.writestr("x", b"")
    raw = bytearray(path.read_bytes())
    local, central = raw.index(b"PK\3\4", 4), raw.rindex(b"PK\1\2")
    for place in (central + 28, local + 26):  # the lengths of its name, which goes as well
        raw[place] = 0
        del raw[place + (18 if place == central + 28 else 4)]
    end = raw.rindex(b"PK\5\6")
    raw[end + 12] -= 1
    raw[end + 16] -= 1
    path.write_bytes(raw)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["a.png", ""]
    source = open_archive(path)
    assert [one.name for one in source.stream()] == [f"{path}/a.png"]
    assert (source.total, source.left_alone) == (1, 1)
