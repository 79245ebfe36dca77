"""Where decoded pictures are kept for the next time, and how many of them."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from tellapart.data.cache_files import entries_of, occupied_bytes, remove_unused, size_of
from tellapart.data.digests import SETTLED_SECONDS
from tellapart.errors import UsageError

GIB = 1 << 30


@dataclass(frozen=True)
class Cache:
    """Is where decoded pictures are kept, and how many.

    Attributes:
        folder: Its place.
        most_bytes: What all entries together may take; 0 keeps nothing.
        spare_bytes: What must be left free on the disk.
        least_seconds: Pictures that are decoded in less, by a rough guess, are not kept.
        settled_seconds: Files that changed less long ago are read again the next time, since
            they may have changed once more without another time of change.
    """

    folder: Path
    most_bytes: int = 20 * GIB
    spare_bytes: int = 2 * GIB
    least_seconds: float = 1.0
    settled_seconds: float = SETTLED_SECONDS

    @property
    def entries(self) -> Path:
        """Return the folder of the pixels."""
        return self.folder / "pixels"

    @property
    def memory(self) -> Path:
        """Return the folder of the remembered digests."""
        return self.folder / "digests"

    @property
    def inspections(self) -> Path:
        """Return the folder of the records of what `inspect` found."""
        return self.folder / "inspections"


def usual_cache() -> Cache:
    """Return this user's cache.

    `TELLAPART_CACHE` names another folder, `TELLAPART_CACHE_GIB` another limit; 0 keeps
    nothing.

    Raises:
        UsageError: The limit is no number, or below 0.
    """
    folder = os.environ.get("TELLAPART_CACHE")
    limit = os.environ.get("TELLAPART_CACHE_GIB", "20")
    with contextlib.suppress(ValueError):
        if 0 <= float(limit) < 2**20:
            place = Path(folder) if folder else user_cache_path("tellapart") / "pictures"
            return Cache(place, most_bytes=int(float(limit) * GIB))
    raise UsageError(
        f"TELLAPART_CACHE_GIB must be a number of GiB, 0 or more. Received: {limit!r}. "
        "Fix: export TELLAPART_CACHE_GIB=20"
    )


def make_room(cache: Cache, size_bytes: int) -> str:
    """Remove entries, those not used for longest first, until there is room for one more.

    Args:
        cache: In which this process keeps house.
        size_bytes: Of the new entry.

    Returns:
        What is lacking, or nothing if there is room.
    """
    entries = entries_of(cache.entries)
    free = shutil.disk_usage(cache.entries).free
    could_be_free = free + sum(map(size_of, entries))
    if size_bytes > cache.most_bytes:
        return (
            f"they take {_gib(size_bytes)}, and the cache may take {_gib(cache.most_bytes)}. "
            "Fix: export TELLAPART_CACHE_GIB=…"
        )
    while entries and could_be_free >= size_bytes + cache.spare_bytes:
        if not _lacks(cache, size_bytes):
            return ""
        remove_unused(entries.pop())
    if _lacks(cache, size_bytes):
        return (
            f"they take {_gib(size_bytes)}, of {_gib(free)} free in {cache.folder}. "
            "Fix: export TELLAPART_CACHE=FOLDER, on a larger disk"
        )
    return ""


def _lacks(cache: Cache, size_bytes: int) -> bool:
    free = shutil.disk_usage(cache.entries).free
    total = occupied_bytes(cache.entries) + size_bytes
    return total > cache.most_bytes or free < size_bytes + cache.spare_bytes


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / GIB:.1f} GiB"
