"""Work on arrays by all processors at once, and products of matrices by one at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TypeVar

from threadpoolctl import ThreadpoolController

from tellapart.data.loading import processors

Portion = TypeVar("Portion")
Answer = TypeVar("Answer")


def side_by_side(
    work: Callable[[Portion], Answer], portions: Iterable[Portion]
) -> Iterator[Answer]:
    """Yield what `work` gives for each portion, in order, with one thread a processor.

    Matrix products keep to the thread that asks for them meanwhile.

    Args:
        work: A function of arrays, which lets other threads run while it computes.
        portions: What it is called with, one after the other.

    Example:
        >>> list(side_by_side(lambda number: number**2, range(4)))
        [0, 1, 4, 9]
    """
    with one_product_at_once(), ThreadPoolExecutor(processors()) as pool:
        yield from pool.map(work, portions)


class _Limit:
    """Is the process's one limit on the threads of NumPy's products, while somebody wants it."""

    def __init__(self) -> None:
        self._lock, self._holders, self._undo = Lock(), 0, ExitStack()
        self._controller: ThreadpoolController | None = None

    def take(self) -> None:
        with self._lock:
            if not self._holders:
                self._controller = self._controller or ThreadpoolController()
                self._undo.enter_context(self._controller.limit(limits=1, user_api="blas"))
            self._holders += 1

    def give_back(self) -> None:
        with self._lock:
            self._holders -= 1
            if not self._holders:
                self._undo.close()


_LIMIT = _Limit()


@contextmanager
def one_product_at_once() -> Iterator[None]:
    """Keep NumPy's products of matrices to the threads that ask for them.

    The threads of OpenBLAS turn round for some hundredths of a second after each product, and
    take the processors from other work; among themselves they wait for each other. Their number
    shows in the last digits, too. The limit is the whole process's, and is lifted when the last
    who wants it is done.
    """
    _LIMIT.take()
    try:
        yield
    finally:
        _LIMIT.give_back()
