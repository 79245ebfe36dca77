"""The files of the cache: entries that are whole or absent, locked while they are used.

An entry is a folder with the pixels of many pictures and an index. It is made under a
private name and renamed whole. The lock on its pixels is the kernel's, so whoever is
killed lets go of it, and a lock that is free tells what nobody needs any more.
"""

import contextlib
import fcntl
import math
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydantic import BaseModel, ConfigDict

from tellapart.images.arrays import Pixels

PIXELS, INDEX = "pixels.bin", "index.json"


class Failure(BaseModel):
    """Is one picture that cannot be read, whatever it is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int
    reason: str
    detail: str


class Index(BaseModel):
    """Is what an entry says of its pixels.

    Attributes:
        data: What the pictures are, in words.
        shape: Height, width and channels.
        pictures: How many there are, unreadable ones included.
        failures: Those that have no pixels; the others' stand one after the other.
        repairs: For each kind of repair, the positions of its pictures.
        made_with: The versions that the pixels depend on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    shape: tuple[int, int, int]
    pictures: int
    failures: tuple[Failure, ...]
    repairs: dict[str, tuple[int, ...]]
    made_with: dict[str, str]

    @property
    def readable(self) -> int:
        """Return how many pictures have pixels."""
        return self.pictures - len(self.failures)

    @property
    def size_bytes(self) -> int:
        """Return the size of the pixels."""
        return self.readable * math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Entry:
    """Is an entry in use; it is locked for as long as its pixels are held anywhere.

    Attributes:
        index: What is in it.
        pixels: `(k, height, width, channels)`, uint8: those that could be read, mapped.
    """

    index: Index
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Draft:
    """Is an entry that is being made.

    Attributes:
        path: Its private folder.
        file: Its pixels, locked.
    """

    path: Path
    file: BinaryIO


def open_entry(path: Path) -> Entry | None:
    """Return an entry, locked and marked as used; `None` where there is no sound one."""
    index = read_index(path)
    if index is None:
        return None
    try:
        with (path / PIXELS).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            found = os.fstat(file.fileno())
            is_there = (path / PIXELS).stat().st_ino == found.st_ino
            if not is_there or found.st_size != index.size_bytes:
                return None
            # the map keeps the file open, and with it the lock
            pixels = np.memmap(file, np.uint8, "r", shape=(index.readable, *index.shape))
    except (OSError, ValueError):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return Entry(index, pixels)


def read_index(path: Path) -> Index | None:
    """Return what an entry says of its pixels; `None` where it says nothing sound."""
    try:
        return Index.model_validate_json((path / INDEX).read_bytes())
    except (OSError, ValueError):
        return None


@contextlib.contextmanager
def keeping_house(folder: Path) -> Iterator[None]:
    """Be the only process that adds or removes entries, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def drafting(folder: Path, size_bytes: int) -> Iterator[Draft]:
    """Make a private folder for a new entry, which is gone when the block ends.

    Args:
        folder: The cache's, while this process keeps house in it.
        size_bytes: How large the pixels may become; as much is accounted for at once.
    """
    path = folder / f".{uuid.uuid4().hex}.part"
    path.mkdir()
    try:
        with (path / PIXELS).open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.truncate(size_bytes)
            yield Draft(path, file)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def publish(draft: Draft, index: Index, target: Path) -> None:
    """Give a finished draft its name, unless another process was faster.

    Everything is on the disk before it has the name.
    """
    draft.file.truncate(index.size_bytes)
    draft.file.flush()
    os.fsync(draft.file.fileno())
    with (draft.path / INDEX).open("xb") as file:
        file.write(index.model_dump_json().encode())
        file.flush()
        os.fsync(file.fileno())
    _flush_folder(draft.path)
    with keeping_house(target.parent):
        if open_entry(target) is None:
            shutil.rmtree(target, ignore_errors=True)
            draft.path.rename(target)
            _flush_folder(target.parent)


def entries_of(folder: Path) -> list[Path]:
    """Return all entries, the one that was used last first."""
    try:
        paths = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    except OSError:
        return []
    return sorted(paths, key=used_at, reverse=True)


def used_at(path: Path) -> float:
    """Return when an entry was used last, in seconds since 1970; 0 where it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def size_of(path: Path) -> int:
    """Return how many bytes the files of an entry or a draft have, or are to have."""
    sizes = 0
    for file in path.glob("*"):
        with contextlib.suppress(OSError):
            sizes += file.stat().st_size
    return sizes


def remove_unused(path: Path) -> bool:
    """Remove an entry or a draft, and return whether nobody used it; else leave it."""
    try:
        with (path / PIXELS).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        return False
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
    return not path.exists()


def sweep(folder: Path) -> None:
    """Remove, while keeping house, what processes left half made or half removed."""
    halves = [p for p in entries_of(folder) if not ((p / INDEX).exists() and (p / PIXELS).exists())]
    for path in [*halves, *folder.glob(".*.part")]:
        remove_unused(path)


def occupied_bytes(folder: Path) -> int:
    """Return the size of all entries and of those in the making."""
    return sum(size_of(path) for path in [*entries_of(folder), *folder.glob(".*.part")])


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
