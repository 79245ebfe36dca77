"""How the samples of a split become pixels: from arrays, from files, or by way of the cache."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tellapart.data.cache import Cache
from tellapart.data.cache_files import Entry
from tellapart.data.cached import find_only, find_or_make
from tellapart.data.encoded import EncodedImages
from tellapart.data.loading import by_picture
from tellapart.data.rows import Rows
from tellapart.data.samples import Indices, Samples
from tellapart.data.stores import ArrayImages
from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec

LEAST_SHARE = 0.5
"""Of a row of pictures: so many must be wanted before all of them are decoded and kept."""


@dataclass(frozen=True, eq=False)
class Reading:
    """Is what became of some samples, as `Decoded` has it.

    Attributes:
        pixels: `(k, height, width, channels)`, uint8: those that could be read, in memory
            or to be read from a map.
        kept: `(k,)`: their positions among the samples.
        failures: One error for each that could not be read.
        repairs: How often each kind of repair was made.
        repaired: What was repaired in which picture, by its position among the samples.
    """

    pixels: Pixels | Rows
    kept: Indices
    failures: tuple[ImageError, ...]
    repairs: dict[str, int]
    repaired: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


class Reader:
    """Reads the splits of one data set, all at one time.

    Pictures that several splits are taken from are looked for in the cache once.

    Args:
        spec: The pixels that are wanted.
        title: What the data set is, in words.
        cache: Where decoded pictures are kept; `None` keeps none.
        progress: Where the work shows itself.
    """

    def __init__(
        self,
        spec: ImageSpec,
        title: str,
        cache: Cache | None = None,
        progress: Progress = SILENCE,
    ) -> None:
        self._spec, self._title = spec, title
        self._cache, self._progress = cache, progress
        self._entries: list[tuple[EncodedImages, Entry | None]] = []

    def read(self, samples: Samples) -> Reading:
        """Return the pixels of some samples; of arrays of another size it is said."""
        images = samples.images
        if isinstance(images, ArrayImages):
            if images.shape == self._spec.shape:
                return Reading(images.view(), np.arange(len(images)), (), {})
            own = "×".join(map(str, images.shape))
            self._progress.say(
                f"Arrays of {own} that are made to fit {self._spec} ({self._spec.fit}): "
                f"{len(images):,}."
            )
        if self._cache is not None and isinstance(images, EncodedImages):
            entry = self._entry_of(images, self._cache)
            if entry is not None:
                return _part_of(entry, images)
        found = samples.decode(self._spec, self._progress)
        return Reading(found.pixels, found.kept, found.failures, found.repairs, found.repaired)

    def _entry_of(self, images: EncodedImages, cache: Cache) -> Entry | None:
        for whole, entry in self._entries:
            if whole is images.whole:
                return entry
        if len(images) < LEAST_SHARE * len(images.whole):
            entry = find_only(images.whole, self._spec, cache, self._progress)
            if entry is None:
                return None  # a larger part may still come
        else:
            entry = find_or_make(images.whole, self._spec, cache, self._title, self._progress)
        self._entries.append((images.whole, entry))
        if entry is not None:
            self._progress.say(f"Decoded pictures in the cache: {entry.index.readable:,}.")
        return entry


def _part_of(entry: Entry, images: EncodedImages) -> Reading:
    """Return what an entry holds of some of its pictures, as decoding them would give it."""
    index = entry.index
    failed = {failure.position: failure for failure in index.failures}
    rows = np.ones(index.pictures, np.int64)
    rows[list(failed)] = 0
    rows = np.where(rows == 1, np.cumsum(rows) - 1, -1)[images.positions]
    failures = (
        ImageError(images.name(place), failure.reason, failure.detail)
        for place, position in enumerate(images.positions.tolist())
        if (failure := failed.get(position))
    )
    places = {position: place for place, position in enumerate(images.positions.tolist())}
    repairs = {
        repair: [places[position] for position in positions if position in places]
        for repair, positions in index.repairs.items()
    }
    kept = np.flatnonzero(rows >= 0)
    return Reading(
        Rows(entry.pixels, rows[kept]),
        kept,
        tuple(failures),
        {repair: len(found) for repair, found in repairs.items() if found},
        by_picture(repairs),
    )
