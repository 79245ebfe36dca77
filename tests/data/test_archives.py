"""Archives are read member by member: the pictures in them, by their places, and never more."""

import io
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tellapart.data.archives import open_archive
from tellapart.data.layout import ARCHIVE_SUFFIXES
from tellapart.data.streams import Found, Unread
from tellapart.errors import DataError, ImageError
from tellapart.images.limits import Limits

MEMBERS = {
    "b.png": 1,
    "a/1.PNG": 2,
    "a/deep/2.png": 3,
    "../up.png": 4,
    "/rooted.png": 5,
    "bün.png": 6,
}
OTHERS = ("notes.txt", "a/.hidden.png", "__MACOSX/a/._1.png")
HAS_ZST = "zst" in tarfile.TarFile.OPEN_METH
TARS = [s for s in ARCHIVE_SUFFIXES if s != ".zip" and (HAS_ZST or not s.endswith("zst"))]


def png(level: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4), level, np.uint8)).save(file, "PNG")
    return file.getvalue()


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("a")
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    ending = path.name.rpartition(".")[2]
    kinds = {"tgz": "gz", "tbz2": "bz2", "txz": "xz", "tzst": "zst", "tar": ""}
    mode: Any = f"w:{kinds.get(ending, ending)}"
    with tarfile.open(path, mode) as archive:
        folder = tarfile.TarInfo("a")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "b.png"
        archive.addfile(link)
    return path


def content_of(found: Found) -> bytes:
    """Return a picture's bytes, or raise its error."""
    content = found.content.read() if isinstance(found.content, Unread) else found.content
    if isinstance(content, ImageError):
        raise content
    assert isinstance(content, bytes)
    return content


@pytest.mark.parametrize("suffix", [".zip", *TARS])
def test_an_archive_gives_its_pictures_by_their_places_and_leaves_the_rest_alone(
    suffix: str, in_tmp: Path
) -> None:
    members = {name: png(level) for name, level in MEMBERS.items()}
    members |= dict.fromkeys(OTHERS, b"no picture")
    write = write_zip if suffix == ".zip" else write_tar
    source = open_archive(write(Path(f"photos{suffix}"), members))
    before = sorted(in_tmp.rglob("*"))
    found = list(source.stream())
    assert [one.name for one in found] == [f"photos{suffix}/{name}" for name in MEMBERS]
    assert [content_of(one) for one in found] == [png(level) for level in MEMBERS.values()]
    assert source.left_alone == len(OTHERS) + (suffix != ".zip")
    assert source.total == (len(MEMBERS) if suffix == ".zip" else None)
    assert sorted(in_tmp.rglob("*")) == before


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_of_pictures_that_are_answered_only_the_names_are_given(suffix: str, in_tmp: Path) -> None:
    members = {name: png(level) for name, level in MEMBERS.items()}
    write = write_zip if suffix == ".zip" else write_tar
    source = open_archive(write(in_tmp / f"photos{suffix}", members))
    wanted = [one.content is not None for one in source.stream(4)]
    assert wanted == [False] * 4 + [True] * 2


def test_a_member_under_a_password_or_damaged_is_an_error_alone(
    tmp_path: Path,
) -> None:
    path = write_zip(tmp_path / "photos.zip", {f"{n}.png": png(n) for n in range(5)})
    raw = bytearray(path.read_bytes())
    for name, change in (("1.png", "password"), ("2.png", "checksum"), ("3.png", "method")):
        local, central = raw.index(name.encode()), raw.rindex(name.encode())
        if change == "password":
            raw[local - 24] |= 1
            raw[central - 38] |= 1
        elif change == "checksum":
            raw[central - 30] ^= 0xFF
        else:
            raw[local - 22] = raw[central - 36] = 99
    path.write_bytes(raw)
    zeroth, *bad, last = open_archive(path, Limits(size_bytes=200)).stream()
    assert (content_of(zeroth), content_of(last)) == (png(0), png(4))
    for one, reason in zip(bad, ("encrypted", "damaged", "unsupported"), strict=True):
        with pytest.raises(ImageError, match=rf"photos\.zip/\d\.png.*{reason}") as caught:
            content_of(one)
        assert (caught.value.name, caught.value.reason) == (one.name, reason)


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_a_bomb_costs_no_memory(suffix: str, tmp_path: Path) -> None:
    bomb = png(0) + bytes(1 << 24)
    write = write_zip if suffix == ".zip" else write_tar
    path = write(tmp_path / f"photos{suffix}", {"bomb.png": bomb, "zeros.png": bytes(1 << 24)})
    del bomb
    tracemalloc.start()
    try:
        for one in open_archive(path, Limits(size_bytes=1 << 20)).stream():
            with pytest.raises(ImageError, match="too-large"):
                content_of(one)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_member_that_claims_fewer_bytes_than_it_has_is_cut_there(tmp_path: Path) -> None:
    """The directory of a zip is only what its writer claims."""
    path = write_zip(tmp_path / "photos.zip", {"liar.png": png(0) + bytes(1 << 20)})
    raw = bytearray(path.read_bytes())
    central = raw.rindex(b"liar.png") - 46
    struct.pack_into("<I", raw, central + 24, 100)
    path.write_bytes(raw)
    [one] = open_archive(path).stream()
    with pytest.raises(ImageError, match="damaged"):
        content_of(one)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_what_is_no_archive_is_one_error(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"photos{suffix}"
    path.write_bytes(b"this is no archive" * 50)
    source = open_archive(path)
    [one] = source.stream()
    assert one.name == str(path)
    with pytest.raises(ImageError, match=r"photos\..*damaged"):
        content_of(one)
    assert source.total in (None, 1)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.xz"])
def test_a_tar_that_ends_early_gives_what_comes_before_and_says_so(
    suffix: str, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    members = {}
    for number in range(20):
        file = io.BytesIO()
        Image.fromarray(random.integers(0, 256, (64, 64), np.uint8)).save(file, "PNG")
        members[f"{number:02}.png"] = file.getvalue()
    path = write_tar(tmp_path / f"photos{suffix}", members)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    good, bad = [], []
    for one in open_archive(path).stream():
        try:
            good.append(content_of(one))
        except ImageError as error:
            bad.append((one.name, error.reason))
    assert 5 < len(good) < 15
    assert good == list(members.values())[: len(good)]
    assert 1 <= len(bad) <= 2
    assert bad[-1] == (str(path), "damaged")
    assert {reason for _, reason in bad} == {"damaged"}


def test_a_tar_of_many_members_keeps_none_of_them(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "photos.tar", {f"{n}.png": b"" for n in range(4_000)})
    tracemalloc.start()
    try:
        assert sum(1 for _ in open_archive(path).stream()) == 4_000
        assert tracemalloc.get_traced_memory()[1] < 1 << 19
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(HAS_ZST, reason="this Python reads Zstandard")
def test_zstandard_that_python_cannot_read_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Python 3\.14.*zstd -d .*photos\.tar\.zst"):
        open_archive(tmp_path / "photos.tar.zst")


def test_several_threads_read_one_zip(tmp_path: Path) -> None:
    from tellapart.data.loading import work_in_order

    random = np.random.default_rng(0)
    members = {f"{n:03}.png": zlib.compress(random.bytes(3000)) for n in range(300)}
    members = {name: png(0) + content for name, content in members.items()}
    path = write_zip(tmp_path / "photos.zip", members)
    found = list(work_in_order(open_archive(path).stream(), content_of, 4))
    assert found == list(members.values())
