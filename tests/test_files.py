"""Files and folders: whole or absent, never overwritten by number, digested."""

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.errors import OutputError
from tellapart.files import (
    make_numbered_folder,
    move_whole,
    output_errors,
    sha256_hex,
    write_numbered,
    write_whole,
)

SIZE = 300_000
WRITE_FOR_EVER = f"""
import sys
from pathlib import Path
from tellapart.files import write_whole
while True:
    for letter in "ab":
        write_whole(Path(sys.argv[1]), letter * {SIZE})
"""


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    """Return a folder that cannot exist, even for root: it lies below a regular file."""
    (tmp_path / "file").write_text("in the way")
    return tmp_path / "file" / "folder"


@pytest.mark.parametrize("content", [b"\x00\xffbytes", "text – with umläuts\n"])
def test_what_was_written_is_read_again(tmp_path: Path, content: bytes | str) -> None:
    path = tmp_path / "a.bin"
    assert write_whole(path, content) == path
    assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a" / "b" / "c.txt", "here")
    assert path.read_text() == "here"


def test_only_the_file_itself_is_left_in_the_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")
    write_whole(tmp_path / "a.txt", "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_place_that_cannot_be_written_is_named_with_a_fix(unwritable: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_whole(unwritable / "a.txt", "x")
    assert caught.value.exit_code == 2
    assert str(caught.value) == (
        f"Cannot write {unwritable / 'a.txt'}: {unwritable.parent} is a file, and no folder. "
        "Choose another place with --output."
    )


def test_nothing_is_left_where_a_folder_has_the_name(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="Is a directory"):
        write_whole(tmp_path / "taken", "x")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def test_a_full_disk_leaves_the_old_file_and_no_rest(small_disk: Path) -> None:
    path = write_whole(small_disk / "a.bin", b"old")
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_whole(path, bytes(200_000))
    assert caught.value.exit_code == 2
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in small_disk.iterdir()] == ["a.bin"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a.txt", "a" * SIZE)
    stop = threading.Event()

    def write() -> None:
        for turn in range(40):
            write_whole(path, "ba"[turn % 2] * SIZE)
        stop.set()

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        seen = set()
        while not stop.is_set() and not written.done():
            content = path.read_text()
            seen.add((content[0], len(content), content == content[0] * SIZE))
        written.result()
    assert seen <= {("a", SIZE, True), ("b", SIZE, True)}
    assert seen


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / f"{number}.txt"
        writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(path)])
        end = time.monotonic() + 60
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.002 * number)
        writer.kill()
        writer.wait()
        assert path.read_text() in {"a" * SIZE, "b" * SIZE}


def test_the_same_content_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "model.tellapart"
    assert write_numbered(path, b"one") == path
    assert write_numbered(path, b"one") == path
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.tellapart"]


def test_other_content_gets_the_next_number(tmp_path: Path) -> None:
    contents = [b"one", b"two", b"three", b"two"]
    names = [write_numbered(tmp_path / "a.png", content).name for content in contents]
    assert names == ["a.png", "a-2.png", "a-3.png", "a-2.png"]
    assert [(tmp_path / name).read_bytes() for name in names] == contents


def test_a_folder_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    assert write_numbered(tmp_path / "a.png", b"x").name == "a-2.png"


@pytest.mark.parametrize("name", ["a.png", "x" * 300])
def test_a_numbered_file_that_cannot_be_written_is_refused(unwritable: Path, name: str) -> None:
    folder = unwritable if name == "a.png" else unwritable.parent.parent
    with pytest.raises(OutputError, match="Cannot write") as caught:
        write_numbered(folder / name, b"x")
    assert caught.value.exit_code == 2


def test_folders_count_up(tmp_path: Path) -> None:
    parent = tmp_path / "runs"
    names = [make_numbered_folder(parent, "guide").name for _ in range(3)]
    assert names == ["guide-1", "guide-2", "guide-3"]


def test_the_number_of_a_removed_folder_below_the_highest_is_not_used_again(
    tmp_path: Path,
) -> None:
    for entry in ["guide-7", "guide-old", "guide", "guided-9", "guide-²"]:
        (tmp_path / entry).mkdir()
    assert make_numbered_folder(tmp_path, "guide").name == "guide-8"


def test_threads_that_ask_at_once_get_folders_of_their_own(tmp_path: Path) -> None:
    count = 8
    together = threading.Barrier(count)

    def ask(_: int) -> Path:
        together.wait()
        return make_numbered_folder(tmp_path, "guide")

    with ThreadPoolExecutor(count) as pool:
        folders = set(pool.map(ask, range(count)))
    assert {folder.name for folder in folders} == {f"guide-{n}" for n in range(1, count + 1)}
    assert all(folder.is_dir() for folder in folders)


def test_a_numbered_folder_that_cannot_be_made_is_refused(unwritable: Path) -> None:
    with pytest.raises(OutputError, match="is a file, and no folder") as caught:
        make_numbered_folder(unwritable, "guide")
    assert caught.value.exit_code == 2
    assert str(unwritable / "guide") in str(caught.value)


@settings(deadline=None)
@given(st.lists(st.binary()))
def test_a_digest_is_that_of_all_parts_joined(parts: list[bytes]) -> None:
    assert sha256_hex(*parts) == hashlib.sha256(b"".join(parts)).hexdigest()


def test_an_array_is_digested_by_its_bytes() -> None:
    array = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert sha256_hex(array) == sha256_hex(array.tobytes())


def test_a_finished_file_or_folder_is_moved_to_its_place(tmp_path: Path) -> None:
    (tmp_path / "beside" / "in").mkdir(parents=True)
    (tmp_path / "beside" / "in" / "a.txt").write_text("whole")
    assert move_whole(tmp_path / "beside", tmp_path / "place") == tmp_path / "place"
    assert (
        move_whole(tmp_path / "place" / "in" / "a.txt", tmp_path / "b.txt").read_text() == "whole"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.txt", "place"]


def test_nothing_is_moved_over_something(tmp_path: Path) -> None:
    for name in ("beside", "place"):
        (tmp_path / name).write_text(name)
    with pytest.raises(OutputError, match="something is there already|File exists"):
        move_whole(tmp_path / "beside", tmp_path / "place")
    assert [(tmp_path / name).read_text() for name in ("beside", "place")] == ["beside", "place"]


def test_a_full_disk_is_told_with_the_option_that_chose_it() -> None:
    with (
        pytest.raises(OutputError, match="Free some space there, or .* with --golden"),
        output_errors(Path("a"), "--golden"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_link_that_leads_nowhere_is_something_too(tmp_path: Path) -> None:
    (tmp_path / "beside").write_text("new")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="something is there already"):
        move_whole(tmp_path / "beside", tmp_path / "link")
    assert write_numbered(tmp_path / "link", b"new").name == "link-2"
    assert (tmp_path / "link").is_symlink()
