"""Decoded pictures by way of the cache: found by content, pixel contract and versions."""

import contextlib
import hashlib
from pathlib import Path
from types import MappingProxyType

import PIL
from PIL import features

from tellapart import images
from tellapart.data.cache import Cache, make_room
from tellapart.data.cache_files import (
    Draft,
    Entry,
    Failure,
    Index,
    drafting,
    keeping_house,
    open_entry,
    publish,
    sweep,
)
from tellapart.data.contents import Content, decode_content
from tellapart.data.digests import Contents, digest_of_content, find_contents, is_remembered
from tellapart.data.encoded import EncodedImages
from tellapart.data.loading import Account, decode_all
from tellapart.data.streams import plain_name
from tellapart.errors import ImageError, OutputError
from tellapart.images.decode import Decoded
from tellapart.progress import SILENCE, Progress
from tellapart.sections import ImageSpec

_SECONDS_A_PICTURE, _SECONDS_A_BYTE = 2e-4, 2.5e-8
"""About what it takes to decode a PNG or a JPEG on one processor, opening and bytes."""


def find_or_make(
    store: EncodedImages, spec: ImageSpec, cache: Cache, title: str, progress: Progress = SILENCE
) -> Entry | None:
    """Return the decoded pictures of a whole store from the cache, made now if need be.

    Nothing that is wrong with the cache stops anything: that is said, and the answer is
    `None`, as it is where keeping the pixels does not pay.

    Args:
        store: Encoded pictures.
        spec: The pixels that are wanted.
        cache: Where to look.
        title: What the pictures are, for people who look into the cache.
        progress: Where the work shows itself.
    """
    if not cache.most_bytes:
        return None
    try:
        contents = _contents_of(store, cache, progress)
        target = cache.entries / key_of(contents, spec)
        entry = open_entry(target)
        if entry is None and _pays(contents, cache):
            _make(store, spec, contents, cache, title, progress)
            entry = open_entry(target)
    except (OSError, OutputError) as error:
        progress.say(f"Decoded pictures are not kept: {error.__cause__ or error}.")
        return None
    return entry


def find_only(
    store: EncodedImages, spec: ImageSpec, cache: Cache, progress: Progress = SILENCE
) -> Entry | None:
    """Return the decoded pictures of a whole store if they are in the cache; make nothing.

    Pictures that were never looked at by way of this cache are not read for it.
    """
    try:
        if cache.most_bytes and is_remembered(store, cache.memory):
            contents = _contents_of(store, cache, progress)
            return open_entry(cache.entries / key_of(contents, spec))
    except (OSError, OutputError):
        return None  # whoever makes an entry says what is wrong with the cache
    return None


def key_of(contents: Contents, spec: ImageSpec) -> str:
    """Return the name of the entry of these contents at this size, from these versions."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (*sorted(decoder_versions().items()), spec.model_dump_json()):
        digest.update(f"{part}\n".encode())
    digest.update(contents.digests.tobytes())
    return digest.hexdigest()


def decoder_versions() -> MappingProxyType[str, str]:
    """Return all that may give other pixels from the same bytes: our code, and libraries."""
    place = Path(images.__file__)
    sources = sorted(place.parent.glob("*.py")) if place.stem == "__init__" else [place]
    code = hashlib.blake2b(b"".join(path.read_bytes() for path in sources), digest_size=8)
    codecs = {name: str(features.version(name)) for name in ("jpg", "zlib", "libjpeg_turbo")}
    return MappingProxyType({"images": code.hexdigest(), "pillow": PIL.__version__, **codecs})


def _contents_of(store: EncodedImages, cache: Cache, progress: Progress) -> Contents:
    seconds = cache.settled_seconds
    return find_contents(store, cache.memory, progress, settled_seconds=seconds)


def _pays(contents: Contents, cache: Cache) -> bool:
    seconds = len(contents.digests) * _SECONDS_A_PICTURE + contents.size_bytes * _SECONDS_A_BYTE
    return seconds >= cache.least_seconds


class _ChangedError(Exception):
    """Says that a picture is no longer what it was a moment ago."""


def _make(
    store: EncodedImages,
    spec: ImageSpec,
    contents: Contents,
    cache: Cache,
    title: str,
    progress: Progress,
) -> None:
    """Decode all pictures into a new entry, if there is room."""
    size_bytes = len(store) * spec.height * spec.width * spec.channels
    with contextlib.ExitStack() as stack:
        with keeping_house(cache.entries):
            sweep(cache.entries)
            lack = make_room(cache, size_bytes)
            if lack:
                progress.say(f"Decoded pictures are not kept for the next time: {lack}")
                return
            draft = stack.enter_context(drafting(cache.entries, size_bytes))
        try:
            account = _decode_into(draft, store, spec, contents, progress)
        except _ChangedError as changed:
            progress.say(f"Decoded pictures are not kept: {changed} changed meanwhile.")
            return
        is_lasting = not any(map(_is_passing, account.failures.values()))
        if len(account.kept) and is_lasting:
            index = _index_of(account, spec, title, len(store))
            publish(draft, index, cache.entries / key_of(contents, spec))


def _decode_into(
    draft: Draft, store: EncodedImages, spec: ImageSpec, contents: Contents, progress: Progress
) -> Account:
    """Decode exactly the bytes whose digests are in the entry's name.

    Raises:
        _ChangedError: Other bytes are there now.
    """

    def decode_one(index: int) -> Decoded:
        content = _read(store, index)
        if digest_of_content(content) != contents.digests[index].tobytes():
            raise _ChangedError(store.name(index))
        if isinstance(content, ImageError):
            raise content
        return decode_content(content, spec, store.name(index))

    return decode_all(
        len(store), decode_one, lambda pixels: draft.file.write(pixels.data), progress
    )


def _read(store: EncodedImages, index: int) -> Content | ImageError:
    try:
        return store.content(index)
    except ImageError as error:
        return error


def _is_passing(error: ImageError) -> bool:
    """Return whether another attempt may read the picture: memory or the system failed."""
    cause = error.__cause__
    of_system = isinstance(cause, OSError) and cause.errno is not None
    is_known = error.reason in {"missing", "unreadable"}
    return not is_known and (of_system or isinstance(cause, MemoryError))


def _index_of(account: Account, spec: ImageSpec, title: str, count: int) -> Index:
    failures = (
        Failure(position=position, reason=error.reason, detail=plain_name(error.detail))
        for position, error in account.failures.items()
    )
    return Index(
        data=plain_name(title),
        shape=spec.shape,
        pictures=count,
        failures=tuple(failures),
        repairs={repair: tuple(places) for repair, places in account.repairs.items()},
        made_with=dict(decoder_versions()),
    )
