"""Digests of pictures' contents, remembered for as long as nothing can have changed them."""

import hashlib
import io
import os
import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.data.contents import Content
from tellapart.data.encoded import EncodedImages
from tellapart.data.loading import processors
from tellapart.data.stores import name_bytes
from tellapart.errors import ImageError
from tellapart.files import write_whole
from tellapart.progress import SILENCE, Progress

DIGEST_BYTES = 16

SETTLED_SECONDS = 2.0
"""A file that changed less long ago may change again without another time of change."""

MOST_REMEMBERED = 64
"""Files of remembered digests that are kept, one for each row of pictures."""

_NOTHING = (0, 0, 0, 0)
_UNREADABLE = -1

Digests = NDArray[np.uint8]
Stamps = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Contents:
    """Is what tells the contents of some pictures from all others.

    Attributes:
        digests: `(n, DIGEST_BYTES)`, uint8: BLAKE2b of each picture's bytes.
        size_bytes: Of all of them together.
    """

    digests: Digests
    size_bytes: int


def digest_of_content(content: Content | ImageError) -> bytes:
    """Return the digest of a picture's bytes or pixels, or of the reason why there are none."""
    if isinstance(content, ImageError):
        reason = name_bytes(f"{content.reason}: {content.detail}")
        return hashlib.blake2b(reason, digest_size=DIGEST_BYTES, person=b"unreadable").digest()
    if isinstance(content, bytes):
        return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES, person=b"array")
    digest.update(f"{content.shape} {content.dtype}".encode())
    digest.update(np.ascontiguousarray(content).data)
    return digest.digest()


def find_contents(
    store: EncodedImages,
    memory: Path,
    progress: Progress = SILENCE,
    *,
    settled_seconds: float = SETTLED_SECONDS,
) -> Contents:
    """Return the digests of all pictures, and read only those that may have changed.

    A digest is remembered with the size, times and number of the file that holds the
    picture. The time at which the file's record changed cannot be set by a program, so a
    file that was changed in place and given its old time is read again.

    Args:
        store: The pictures.
        memory: The folder in which digests are remembered.
        progress: Where the work shows itself.
        settled_seconds: Digests of files that changed less long ago are not remembered.

    Raises:
        OutputError: The memory cannot be written.
    """
    path = memory / f"{_name_of(store)}.npz"
    stamps, digests, sizes = _recall(path, len(store))
    found = np.zeros_like(stamps)
    for index in range(len(store)):
        found[index] = [number % 2**64 for number in store.stamp(index) or _NOTHING]
    is_unsure = (found != stamps).any(axis=1) | ~found.any(axis=1)
    unsure = np.flatnonzero(is_unsure)
    read_at = time.time_ns()
    with progress.task("looking for changed pictures", len(unsure), "images") as task:
        for place, (digest, size) in zip(unsure, _digest_all(store, unsure), strict=True):
            digests[place], sizes[place] = np.frombuffer(digest, np.uint8), max(size, 0)
            if size == _UNREADABLE:
                found[place] = 0
            task.advance()
    found[found[:, 2].astype(np.int64) > read_at - int(settled_seconds * 1e9)] = 0
    if len(unsure) and found.any():
        _remember(path, found, digests, sizes)
    return Contents(digests, int(sizes.sum()))


def is_remembered(store: EncodedImages, memory: Path) -> bool:
    """Return whether digests of exactly these pictures were remembered once."""
    return (memory / f"{_name_of(store)}.npz").is_file()


def forget(memory: Path, most: int = 0, kind: str = "*.npz") -> None:
    """Remove the oldest memories of one kind until so many are left."""
    paths = sorted(memory.glob(kind), key=_time_of, reverse=True)
    for path in paths[most:]:
        path.unlink(missing_ok=True)


def _time_of(path: Path) -> int:
    """Return when a file was written, in ns; 0 where another process just removed it."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _digest_all(store: EncodedImages, indices: NDArray[np.int64]) -> Iterator[tuple[bytes, int]]:
    """Yield digest and size of some pictures in order, read by several threads."""
    threads = processors()
    step = 64 * threads
    with ThreadPoolExecutor(threads, thread_name_prefix="digest") as pool:
        for first in range(0, len(indices), step):
            part = indices[first : first + step].tolist()
            yield from pool.map(lambda index: _digest_one(store, index), part)


def _digest_one(store: EncodedImages, index: int) -> tuple[bytes, int]:
    """Return the digest of a picture, and its size or `_UNREADABLE`."""
    try:
        content = store.content(index)
    except ImageError as error:
        return digest_of_content(error), _UNREADABLE
    size = len(content) if isinstance(content, bytes) else content.nbytes
    return digest_of_content(content), size


def _name_of(store: EncodedImages) -> str:
    """Return a name for the memory of exactly these files."""
    digest = hashlib.blake2b(os.fsencode(store.place), digest_size=DIGEST_BYTES)
    for index in range(len(store)):
        digest.update(name_bytes(store.name(index)) + b"\0")
    return digest.hexdigest()


def _recall(path: Path, count: int) -> tuple[Stamps, Digests, NDArray[np.int64]]:
    """Return stamps, digests and sizes as remembered; zeros of what is not."""
    stamps = np.zeros((count, 4), np.uint64)
    digests = np.zeros((count, DIGEST_BYTES), np.uint8)
    sizes = np.zeros(count, np.int64)
    nothing: dict[str, NDArray[Any]] = {"stamps": stamps, "digests": digests, "sizes": sizes}
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            found = {name: file[name] for name in nothing}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return stamps, digests, sizes
    fits = all(
        found[name].shape == empty.shape and found[name].dtype == empty.dtype
        for name, empty in nothing.items()
    )
    return (found["stamps"], found["digests"], found["sizes"]) if fits else (stamps, digests, sizes)


def _remember(path: Path, stamps: Stamps, digests: Digests, sizes: NDArray[np.int64]) -> None:
    content = io.BytesIO()
    np.savez(content, stamps=stamps, digests=digests, sizes=sizes)
    write_whole(path, content.getvalue())
    forget(path.parent, MOST_REMEMBERED)
