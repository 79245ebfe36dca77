"""Work on arrays by all processors at once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from tellapart.data.loading import processors

Portion = TypeVar("Portion")
Answer = TypeVar("Answer")


def side_by_side(
    work: Callable[[Portion], Answer], portions: Iterable[Portion]
) -> Iterator[Answer]:
    """Yield what `work` gives for each portion, in order, with one thread a processor.

    Matrix products keep to the thread that asks for them meanwhile: threads of their own
    would wait for each other, and all else would wait for them.

    Args:
        work: A function of arrays, which lets other threads run while it computes.
        portions: What it is called with, one after the other.

    Example:
        >>> list(side_by_side(lambda number: number**2, range(4)))
        [0, 1, 4, 9]
    """
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(processors()) as pool:
        yield from pool.map(work, portions)
