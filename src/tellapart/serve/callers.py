"""Who asks over one connection: work for somebody who has hung up is left undone."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KEY = "caller"
"""Under which the state of a request's scope has its caller."""

HUNG_UP = 499
"""The status that such a request is counted under; nobody receives it. (nginx calls it so.)"""


class Caller:
    """Knows what is under way for one connection, and ends it when that is lost.

    Attributes:
        has_hung_up: Whether the connection is lost.
    """

    def __init__(self) -> None:
        self.has_hung_up = False
        self._tasks: set[asyncio.Task[Any]] = set()

    @contextmanager
    def served(self) -> Iterator[None]:
        """Do what the caller asked for, until it is done or the caller has hung up."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self.has_hung_up:
                raise
            task.uncancel()
        finally:
            self._tasks.discard(task)

    def hang_up(self) -> None:
        """End what is under way."""
        self.has_hung_up = True
        for task in self._tasks:
            task.cancel()
