"""Look at the cache of decoded pictures, and clear it."""

import time
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from tellapart.data.cache import Cache, usual_cache
from tellapart.data.cache_files import (
    entries_of,
    keeping_house,
    read_index,
    remove_unused,
    size_of,
    sweep,
    used_at,
)
from tellapart.data.digests import forget
from tellapart.errors import OutputError, UsageError

_DAY = 24 * 60 * 60


class CacheEntry(BaseModel):
    """Is the decoded pictures of one data set at one size.

    Attributes:
        key: The name of its folder, which follows from what is in it.
        data: What the pictures are, as they were first found.
        pictures: How many can be read.
        image: The size they have, such as `64×64×3`.
        size_bytes: On the disk.
        used: When it was made or used last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    data: str
    pictures: int
    image: str
    size_bytes: int
    used: datetime


class CacheReport(BaseModel):
    """Is what the cache holds.

    Attributes:
        folder: Where it is.
        most_bytes: What all of it may take.
        entries: The one that was used last first.
        inspections: How many records of what `inspect` found are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str
    most_bytes: int
    entries: tuple[CacheEntry, ...]
    inspections: int = 0

    @property
    def size_bytes(self) -> int:
        """Return what all entries take."""
        return sum(entry.size_bytes for entry in self.entries)


class CacheClearing(BaseModel):
    """Is what a clearing of the cache removed, and what it left.

    Attributes:
        removed: Entries that are gone.
        left: Entries that are in use, or too young.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    removed: tuple[CacheEntry, ...]
    left: tuple[CacheEntry, ...]


def cache() -> CacheReport:
    """Return what the cache of decoded pictures holds.

    Example:
        >>> found = cache()
        >>> found.size_bytes <= found.most_bytes
        True
    """
    place = usual_cache()
    return CacheReport(
        folder=str(place.folder),
        most_bytes=place.most_bytes,
        entries=_entries(place),
        inspections=len(list(place.inspections.glob("*.json"))),
    )


def clear_cache(older_than: float | None = None) -> CacheClearing:
    """Remove decoded pictures that no process is using now, and what `inspect` found.

    Args:
        older_than: Only what was not used for so many days.

    Raises:
        UsageError: `older_than` is below 0.
        OutputError: The cache cannot be changed.
    """
    if older_than is not None and older_than < 0:
        raise UsageError(f"`older_than` must be 0 days or more. Received: {older_than:g}.")
    place = usual_cache()
    latest = time.time() - (older_than or 0.0) * _DAY
    removed: list[CacheEntry] = []
    left: list[CacheEntry] = []
    try:
        if place.entries.is_dir():
            with keeping_house(place.entries):
                sweep(place.entries)
                for entry in _entries(place):
                    path = place.entries / entry.key
                    is_old = older_than is None or used_at(path) <= latest
                    (removed if is_old and remove_unused(path) else left).append(entry)
        if older_than is None:
            forget(place.memory)
        _forget_inspections(place, older_than)
    except OSError as error:
        raise OutputError(
            f"Cannot clear the cache {place.folder}: {error.strerror or error}. "
            "Fix: let this user write there, or remove the folder by hand."
        ) from error
    return CacheClearing(removed=tuple(removed), left=tuple(left))


def _forget_inspections(place: Cache, older_than: float | None) -> None:
    """Remove the records of what was found, which are small and nobody keeps open."""
    latest = time.time() - (older_than or 0.0) * _DAY
    for path in place.inspections.glob("*.json"):
        if older_than is None or used_at(path) <= latest:
            path.unlink(missing_ok=True)


def _entries(place: Cache) -> tuple[CacheEntry, ...]:
    found = ((path, read_index(path)) for path in entries_of(place.entries))
    return tuple(
        CacheEntry(
            key=path.name,
            data=index.data,
            pictures=index.readable,
            image="×".join(map(str, index.shape)),
            size_bytes=size_of(path),
            used=datetime.fromtimestamp(used_at(path), UTC),
        )
        for path, index in found
        if index is not None
    )
