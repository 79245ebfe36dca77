"""Files and folders that are whole or absent, numbered instead of overwritten, and digests."""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tellapart.errors import OutputError, UsageError


def sha256_hex(*parts: Any) -> str:
    """Return the SHA-256 of bytes or C-contiguous arrays, one after the other, in hex."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


@contextlib.contextmanager
def output_errors(target: Path, option: str = "--output") -> Iterator[None]:
    """Turn what the operating system says while writing `target` into an `OutputError`.

    Args:
        target: What is to be written.
        option: By which the user chose it.

    Raises:
        OutputError: No space, no permission, a missing or read-only place.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        way_out = (
            "Free some space there, or choose another place" if full else "Choose another place"
        )
        raise OutputError(
            f"Cannot write {target}: {_reason(error, target)}. {way_out} with {option}."
        ) from error


def _reason(error: OSError, target: Path) -> str:
    """Return why a place cannot be written, in words."""
    try:
        file = next((each for each in target.parents if each.is_file()), None)
    except OSError:
        file = None
    return error.strerror or str(error) if file is None else f"{file} is a file, and no folder"


def is_taken(path: Path) -> bool:
    """Return whether anything has this name: a file, a folder, or a link, wherever it leads."""
    return os.path.lexists(path)


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file so that it is there whole or not at all, and return its path.

    The content goes into a file beside it, is flushed to the disk, and renamed. The
    folder is made if it is missing.

    Raises:
        OutputError: The place cannot be written.
    """
    raw = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    with output_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
        try:
            with beside.open("xb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
    return path


def move_whole(beside: Path, path: Path) -> Path:
    """Move a finished file or folder to its place on the same disk, flushed, and return it.

    Raises:
        OutputError: The place cannot be written, or something is there.
    """
    with output_errors(path):
        for file in [beside] if beside.is_file() else sorted(beside.rglob("*")):
            if file.is_file():
                with file.open("rb") as content:
                    os.fsync(content.fileno())
        if is_taken(path):
            raise FileExistsError(errno.EEXIST, "something is there already")
        beside.rename(path)
        _flush_folder(path.parent)
    return path


def replace_whole(beside: Path, path: Path) -> Path:
    """Let a finished file, written by `write_whole`, take another one's place, and return it.

    Raises:
        OutputError: The place cannot be written.
    """
    with output_errors(path):
        beside.replace(path)
        _flush_folder(path.parent)
    return path


def write_numbered(path: Path, content: bytes) -> Path:
    """Write `path`, or `path-2`, `path-3`, … where a file with other content is there.

    Returns:
        The path that now holds exactly `content`.

    Raises:
        OutputError: The place cannot be written.
    """
    number = 1
    while True:
        name = path.name if number == 1 else f"{path.stem}-{number}{path.suffix}"
        candidate = path.with_name(name)
        with output_errors(candidate):
            if not is_taken(candidate):
                return write_whole(candidate, content)
            if candidate.is_file() and candidate.read_bytes() == content:
                return candidate
        number += 1


def make_numbered_folder(parent: Path, name: str) -> Path:
    """Make and return the folder `parent/name-N` with the lowest N that was never used.

    Two processes that ask at once get two folders.

    Raises:
        OutputError: The place cannot be written.
    """
    name = re.sub(r"[/\\\0]", "-", name)  # a name may come from outside
    with output_errors(parent / name):
        parent.mkdir(parents=True, exist_ok=True)
        taken = [_number_after(name, entry.name) for entry in parent.iterdir()]
        number = max(taken, default=0) + 1
        while True:
            try:
                folder = parent / f"{name}-{number}"
                folder.mkdir()
            except FileExistsError:
                number += 1
            else:
                return folder


@contextlib.contextmanager
def alone_in(folder: Path, fix: str) -> Iterator[None]:
    """Keep other processes out of a folder until the block ends, or this one dies.

    Args:
        folder: It exists; the lock is on itself, so no file is added.
        fix: What to do where another process is in it.

    Raises:
        UsageError: Another process is.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # there are file systems without locks
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"Another process is writing to {folder}. {fix}") from None
        yield
    finally:
        os.close(descriptor)


def discard_folder(folder: Path, *, with_parent: bool) -> None:
    """Remove a folder that this process made for nothing, and its parent if that is empty.

    Args:
        folder: It goes with all that is in it.
        with_parent: Whether the parent was made for it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if with_parent:
        with contextlib.suppress(OSError):
            folder.parent.rmdir()


def _number_after(name: str, entry: str) -> int:
    suffix = entry.removeprefix(f"{name}-")
    return int(suffix) if suffix != entry and suffix.isascii() and suffix.isdigit() else 0


def _flush_folder(folder: Path) -> None:
    """Flush a folder's own record, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
