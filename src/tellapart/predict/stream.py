"""Pictures through a classifier, however many: decoding on all processors beside the network."""

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tellapart.data.loading import work_in_order
from tellapart.data.threads import one_product_at_once
from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.predict.answering import Answering
from tellapart.predict.inputs import Item
from tellapart.predict.page import Page
from tellapart.predict.runtimes import BATCH, batch_size
from tellapart.sections import ImageSpec

_CALLS = 4
"""Calls of the network in one page, of pictures so large that a call has few."""

_FEW = 4
"""Pictures alone whose product takes less than it takes to keep it to one thread."""


def answer_pages(
    items: Iterable[Item],
    answering: Answering,
    spec: ImageSpec,
    top: int,
    *,
    cut: int | None = None,
    threads: int | None = None,
) -> Iterator[Page]:
    """Yield what is said of pictures, in their order, a page at a time.

    While the network works on one page in a thread of its own, others decode the next two, and
    whoever takes the pages has the one before, so that all processors have work; more is not
    held. A few pictures are decoded and answered without threads.

    Args:
        items: The pictures.
        answering: What is asked.
        spec: The pixels that it takes.
        top: How many classes to name.
        cut: Each so manieth picture begins a page, so that equal pictures come to equal
            pages wherever one begins.
        threads: That decode; by default one for each processor.
    """
    size = page_size(spec)

    def read(item: Item) -> tuple[str, Pixels | ImageError]:
        try:
            return item.name, item.pixels(spec)
        except ImageError as error:
            return item.name, error

    decoded = work_in_order(items, read, threads, ahead=2 * size, weigh=_weight)
    batches = _cut(decoded, size, cut)
    first = next(batches, None)
    if first is None:
        return
    second = next(batches, None)

    def answer(batch: list[tuple[str, Pixels | ImageError]]) -> Page:
        names, found = zip(*batch, strict=True)
        is_small = cut is None and second is None and len(batch) <= _FEW
        with contextlib.nullcontext() if is_small else one_product_at_once():
            return answering.page(names, found, top)

    if second is None:
        yield answer(first)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="network") as network:
        under_way = network.submit(answer, first)
        for batch in itertools.chain([second], batches):
            done, under_way = under_way, network.submit(answer, batch)
            yield done.result()
        yield under_way.result()


def _cut(
    decoded: Iterator[tuple[str, Pixels | ImageError]], size: int, cut: int | None
) -> Iterator[list[tuple[str, Pixels | ImageError]]]:
    """Yield pictures by pages, with a new one at each multiple of `cut`."""
    place = 0
    while True:
        room = size if cut is None else min(size, cut - place % cut)
        batch = list(itertools.islice(decoded, room))
        if not batch:
            return
        place += len(batch)
        yield batch


def page_size(spec: ImageSpec) -> int:
    """Return how many pictures make a page."""
    return min(BATCH, _CALLS * batch_size(spec.height, spec.width))


def _weight(item: Item) -> int:
    content: Any = item.content
    return len(content) if isinstance(content, bytes) else 0
