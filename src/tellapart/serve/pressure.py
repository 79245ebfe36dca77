"""How much the server has to do: requests under way, and how late its event loop is."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tellapart.serve.limits import Limits
from tellapart.serve.problems import Overloaded

_TICK_SECONDS = 0.02
_SHARE = 0.2
"""Of the newest lateness in the mean: one long step makes no overload."""

_LONGEST = 2.5
"""Times the limit on the mean: one step that is so long is overload by itself."""


class Pressure:
    """Refuses requests before anything is spent on them, when there are more than can be read.

    The queues of pictures are bounded where they are answered. This is for many requests whose
    reading is the most work: they would wait unseen in the event loop.

    Args:
        limits: How much may be under way, and how late the loop may be.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._under_way = 0
        self._mean = 0.0
        self._due: float | None = None

    async def watch(self) -> None:
        """Measure how late the event loop is, until cancelled."""
        while True:
            self._due = time.perf_counter() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)
            self._mean += _SHARE * (self._late() - self._mean)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request that has passed while it is under way."""
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1

    def check(self) -> None:
        """Let a request pass, or refuse it.

        Raises:
            Overloaded: As many as may be are under way, or the event loop is late.
        """
        if self._under_way >= self._limits.requests:
            raise Overloaded(f"{self._limits.requests:,} requests are under way, all that may be.")
        late = max(self._mean, self._late() / _LONGEST)
        if late > self._limits.late_seconds:
            raise Overloaded("More requests come than can be read.")

    def _late(self) -> float:
        """Return for how many seconds the watch has been due."""
        return 0.0 if self._due is None else max(0.0, time.perf_counter() - self._due)
