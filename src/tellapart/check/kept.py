"""What `inspect` found, kept in the cache for whoever asks again while the data are the same."""

import functools
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tellapart._version import __version__
from tellapart.check.inspection import Inspection, passing_over
from tellapart.data.cache import Cache, usual_cache
from tellapart.data.cached import decoder_versions
from tellapart.data.dataset import Dataset
from tellapart.data.digests import DIGEST_BYTES, digest_of_content, find_contents, forget
from tellapart.data.encoded import EncodedImages
from tellapart.data.filed import FileImages
from tellapart.data.samples import Samples
from tellapart.errors import ImageError, OutputError
from tellapart.files import write_whole
from tellapart.progress import SILENCE, Progress

MOST_KEPT = 64
"""Records that are kept, one for each state of a data set."""


def find_inspection(
    data: Dataset, cache: Cache | None = None, progress: Progress = SILENCE
) -> Inspection | None:
    """Return what `inspect` found in exactly these data, or `None` where it has not looked.

    A record is found by the contents, names, labels, groups and splits of all pictures, the
    files that are no pictures, and this program's own code, so what is stale is not found.
    Names count from the data on: by whatever path these are opened, the record is found.
    Files are read again only where they may have changed.

    Args:
        data: What was inspected.
        cache: Where to look; by default this user's.
        progress: Where long work shows itself.

    Raises:
        UsageError: The cache's limit, from the environment, is no number.

    Example:
        >>> import tellapart
        >>> pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
        >>> find_inspection(tellapart.load((pixels, [0, 1] * 20))) is None
        True
    """
    place = usual_cache() if cache is None else cache
    if not place.most_bytes or not place.inspections.is_dir():
        return None
    try:
        path = _path_of(data, place, progress)
        return Inspection.model_validate_json(path.read_bytes())
    except (OSError, OutputError, ValueError):
        return None


def keep_inspection(
    data: Dataset, found: Inspection, cache: Cache | None = None, progress: Progress = SILENCE
) -> None:
    """Keep what was found, without the places of pictures and pages that may be gone.

    What a strict look refused is kept as skipped: whoever finds it may not be strict.
    Nothing that is wrong with the cache stops anything: that is said.

    Args:
        data: What was inspected.
        found: What came of it.
        cache: Where to keep it; by default this user's.
        progress: Where long work shows itself.

    Raises:
        UsageError: The cache's limit, from the environment, is no number.
    """
    place = usual_cache() if cache is None else cache
    if not place.most_bytes:
        return
    account = found.account and passing_over(found.account)
    lasting = found.model_copy(update={"picture": None, "report": None, "account": account})
    try:
        write_whole(_path_of(data, place, progress), lasting.model_dump_json())
        forget(place.inspections, MOST_KEPT, "*.json")
    except (OSError, OutputError) as error:
        progress.say(f"What was found is not kept: {error.__cause__ or error}.")


def _path_of(data: Dataset, cache: Cache, progress: Progress) -> Path:
    """Return the place of the record of exactly these data, by exactly this code."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (__version__, _code(), *sorted(decoder_versions().items())):
        digest.update(f"{part}\n".encode())
    described = (data.name, data.class_names, data.remarks, list(_left_alone(data)))
    digest.update(json.dumps(described).encode())
    for name, samples in data.splits.items():
        digest.update(json.dumps([name, samples.paths, samples.groups]).encode())
        if isinstance(samples.images, EncodedImages):
            digest.update(np.ascontiguousarray(samples.images.positions).data)
        digest.update(np.ascontiguousarray(samples.targets).data)
        for content in _contents(samples, cache, progress):
            digest.update(content)
    return cache.inspections / f"{digest.hexdigest()}.json"


def _left_alone(data: Dataset) -> Iterator[tuple[str, ...]]:
    """Yield what is no sample; of files, where they lie as seen from the data."""

    @functools.cache
    def place_of(folder: str) -> str:
        return os.path.relpath(Path(folder).resolve(), data.source or os.curdir)

    is_filed = isinstance(data.train.images, FileImages)
    for entry in data.unused:
        folder, name = os.path.split(entry.file)
        yield place_of(folder) if is_filed else folder, name, entry.status, entry.reason


def _contents(samples: Samples, cache: Cache, progress: Progress) -> Iterator[bytes]:
    """Yield what changes whenever a picture of these does."""
    images = samples.images
    if isinstance(images, EncodedImages):
        contents = find_contents(images.whole, cache.memory, progress)
        yield contents.digests[images.positions].tobytes()
        return
    for index in range(len(samples)):
        try:
            content = images.content(index)
        except ImageError as error:
            yield digest_of_content(error)
            continue
        if not isinstance(content, bytes):
            yield repr(content.shape).encode()
            content = np.ascontiguousarray(content).tobytes()
        yield hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def _code() -> str:
    """Return the digest of the code that a record depends on."""
    rooms = Path(__file__).parents[1]
    sources = [
        path for room in ("check", "data", "evaluate") for path in (rooms / room).glob("*.py")
    ]
    return hashlib.blake2b(b"".join(p.read_bytes() for p in sorted(sources))).hexdigest()
