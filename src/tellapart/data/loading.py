"""Decoding many pictures on all processors, in their order, with little memory in flight."""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import Decoded
from tellapart.progress import SILENCE, Progress

CHUNK = 16
"""Pictures in one call of a thread: enough to hide its cost."""

CHUNKS_AHEAD = 4
"""For each thread: how many chunks are under way, or ready and waiting for their turn."""

MOST_AHEAD_BYTES = 64 << 20
"""What things under way may hold in memory together, where that is known."""

Answer = Decoded | ImageError
Given = TypeVar("Given")
Done = TypeVar("Done")


@dataclass(frozen=True, eq=False)
class Account:
    """Is what became of some pictures, by their positions.

    Attributes:
        kept: `(k,)`: those that could be read.
        failures: One error for each other one.
        repairs: For each kind of repair, the positions of the pictures that it was made to.
    """

    kept: NDArray[np.int64]
    failures: dict[int, ImageError]
    repairs: dict[str, list[int]]

    @property
    def repair_counts(self) -> dict[str, int]:
        """Return how often each kind of repair was made."""
        return {repair: len(positions) for repair, positions in self.repairs.items()}

    @property
    def repaired(self) -> dict[int, tuple[str, ...]]:
        """Return what was repaired in which picture."""
        return by_picture(self.repairs)


def by_picture(repairs: Mapping[str, Iterable[int]]) -> dict[int, tuple[str, ...]]:
    """Return what was repaired in which picture, from the pictures of each repair."""
    found: dict[int, tuple[str, ...]] = {}
    for repair, positions in repairs.items():
        for position in positions:
            found[position] = (*found.get(position, ()), repair)
    return found


def decode_in_order(
    count: int, decode_one: Callable[[int], Decoded], threads: int | None = None
) -> Iterator[Answer]:
    """Yield what becomes of each picture, in order, whatever order the threads finish in.

    Args:
        count: How many pictures there are.
        decode_one: From a position to pixels; it may be called from any thread.
        threads: How many; by default one for each processor that may be used.

    Yields:
        Pixels, or the `ImageError` of a picture that cannot be read.
    """

    def attempt(index: int) -> Answer:
        try:
            return decode_one(index)
        except ImageError as error:
            return error

    if count > CHUNK and threads != 1:
        # threads that made Pillow look for more formats at once could miss some of them
        Image.init()
    return work_in_order(range(count), attempt, threads)


def work_in_order(
    given: Iterable[Given],
    work: Callable[[Given], Done],
    threads: int | None = None,
    *,
    ahead: int = 0,
    weigh: Callable[[Given], int] = lambda _: 0,
) -> Iterator[Done]:
    """Yield what becomes of each thing, in order, whatever order the threads finish in.

    Pillow lets go of Python's lock while it decodes, so threads are enough. A few things make
    no threads. Things are asked for by the thread that takes the results.

    Args:
        given: The things, however many; only those under way are held.
        work: It may be called from any thread.
        threads: How many; by default one for each processor that may be used.
        ahead: How many things may be under way or wait for their turn, if more than usual.
        weigh: How many bytes a thing holds; `MOST_AHEAD_BYTES` are held at once, or one thing.
    """
    threads = threads or processors()
    rest, chunks = iter(given), None
    if threads > 1:
        chunks = _in_chunks(rest, weigh)
        first = next(chunks, ([], 0))
        second = next(chunks, None)
        if second is None:
            rest, chunks = iter(first[0]), None
        else:
            chunks = itertools.chain([first, second], chunks)
    if chunks is None:
        yield from map(work, rest)
        return
    most = max(CHUNKS_AHEAD * threads, -(-ahead // CHUNK))
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")
    waiting: deque[tuple[Future[list[Done]], int]] = deque()
    held = 0
    try:
        for chunk, weight in chunks:
            while waiting and held + weight > MOST_AHEAD_BYTES:
                done, freed = waiting.popleft()
                yield from done.result()
                held -= freed
            waiting.append((pool.submit(_work_chunk, work, chunk), weight))
            held += weight
            if len(waiting) >= most:
                done, freed = waiting.popleft()
                yield from done.result()
                held -= freed
        while waiting:
            yield from waiting.popleft()[0].result()
    finally:
        pool.shutdown(cancel_futures=True)


def decode_all(
    count: int,
    decode_one: Callable[[int], Decoded],
    put: Callable[[Pixels], object],
    progress: Progress = SILENCE,
) -> Account:
    """Decode all pictures, hand over the good ones in order, and account for every one.

    Args:
        count: How many there are.
        decode_one: From a position to pixels; it may be called from any thread.
        put: Takes the pixels of each picture that could be read, in this thread.
        progress: Where the work shows itself.
    """
    kept: list[int] = []
    failures: dict[int, ImageError] = {}
    repairs: dict[str, list[int]] = {}
    with progress.task("reading pictures", count, "images") as task:
        for index, answer in enumerate(decode_in_order(count, decode_one)):
            if isinstance(answer, ImageError):
                failures[index] = answer
            else:
                put(answer.pixels)
                kept.append(index)
                for repair in answer.repairs:
                    repairs.setdefault(repair, []).append(index)
            task.advance()
    return Account(np.array(kept, np.int64), failures, repairs)


def processors() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work_chunk(work: Callable[[Given], Done], chunk: list[Given]) -> list[Done]:
    return [work(thing) for thing in chunk]


def _in_chunks(
    given: Iterable[Given], weigh: Callable[[Given], int]
) -> Iterator[tuple[list[Given], int]]:
    """Yield things by chunks with their weight; a heavy chunk is closed early."""
    chunk: list[Given] = []
    weight = 0
    for thing in given:
        chunk.append(thing)
        weight += weigh(thing)
        if len(chunk) == CHUNK or weight >= MOST_AHEAD_BYTES // (2 * CHUNKS_AHEAD):
            yield chunk, weight
            chunk, weight = [], 0
    if chunk:
        yield chunk, weight
