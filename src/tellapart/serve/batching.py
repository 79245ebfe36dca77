"""Requests that come at the same time are answered together: a bounded queue, a few threads."""

import asyncio
import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tellapart.serve.niceness import step_back
from tellapart.serve.problems import Overloaded, Problem

Job = TypeVar("Job")
Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class _Ticket(Generic[Job, Answer]):
    """Is one job that waits, and the future of whoever waits for it."""

    job: Job
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Answer | Exception]"


class Batcher(Generic[Job, Answer]):
    """Lets many requests share the work of a few threads.

    Nothing is delayed to fill a batch: a thread that is free takes what waits, so batches grow
    by themselves as the load does. Of what waits, each thread leaves the others their share.
    What is light is left to one thread at a time: most of it is Python, which several threads
    only take from each other.

    Args:
        work: Answers some jobs, one answer each, in order; an exception instead of an answer
            concerns that job alone. Must be usable from several threads.
        name: What to call its threads.
        threads: How many work.
        most: Jobs in one call of `work`.
        waiting: Jobs that may wait; above it `ask` refuses at once.
        is_heavy: Tells whether a job is worth a thread of its own, beside one that works.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Job]], Sequence[Answer | Exception]],
        name: str,
        *,
        threads: int = 2,
        most: int = 64,
        waiting: int = 1024,
        is_heavy: Callable[[Job], bool] = lambda _: True,
    ) -> None:
        self._work, self._most, self._limit = work, most, waiting
        self._is_heavy, self._busy = is_heavy, 0
        self._queue: deque[_Ticket[Job, Answer]] = deque()
        self._change = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Return how many jobs wait."""
        return len(self._queue)

    def check_room(self, count: int) -> None:
        """Refuse what would have to wait, before anything is spent on it.

        Raises:
            Overloaded: So many jobs more may not wait.
        """
        if self.waiting + count > self._limit:
            raise Overloaded(
                f"{self.waiting:,} pictures are waiting, and {self._limit:,} may at most."
            )

    async def ask(self, jobs: Sequence[Job]) -> list[Answer | Exception]:
        """Return the answers to some jobs, in their order.

        Raises:
            Overloaded: Too many jobs wait already; none of these was taken.
            Problem: The batcher was closed.
        """
        loop = asyncio.get_running_loop()
        tickets = [_Ticket[Job, Answer](job, loop, loop.create_future()) for job in jobs]
        with self._change:
            if self._closed:
                raise Problem(503, "The server is stopping.", {"Retry-After": "5"})
            self.check_room(len(jobs))
            self._queue.extend(tickets)
            if self._is_mine():  # if not, the thread that works will take them when it is done
                self._change.notify(len(tickets))
        try:
            return [await ticket.future for ticket in tickets]
        finally:
            for ticket in tickets:  # where nobody waits any longer they are not worked on
                ticket.future.cancel()

    def close(self) -> None:
        """Answer what waits, and end the threads."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        step_back()
        while (batch := self._take()) is not None:
            wanted = [ticket for ticket in batch if not ticket.future.cancelled()]
            if wanted:
                self._answer(wanted)
            with self._change:
                self._busy -= 1

    def _answer(self, wanted: Sequence[_Ticket[Job, Answer]]) -> None:
        try:
            answers = self._work([ticket.job for ticket in wanted])
        except Exception as error:  # noqa: BLE001 - whoever asked is told; the thread lives on
            answers = [error] * len(wanted)
        _deliver(wanted, answers)

    def _take(self) -> list[_Ticket[Job, Answer]] | None:
        """Return what waits, as far as it is this thread's share; `None` at the end."""
        with self._change:
            while not self._is_mine():
                if self._closed:  # what is left is light, and another thread is at it
                    return None
                self._change.wait()
            self._busy += 1
            sharing = len(self._threads) if self._is_heavy(self._queue[0].job) else 1
            share = math.ceil(len(self._queue) / sharing)
            taken = [self._queue.popleft() for _ in range(min(self._most, share))]
            if self._is_mine():
                self._change.notify()
            return taken

    def _is_mine(self) -> bool:
        """Return whether something waits that a thread without work should take."""
        return bool(self._queue) and (not self._busy or self._is_heavy(self._queue[0].job))


def _deliver(batch: Sequence[_Ticket[Job, Answer]], answers: Sequence[Answer | Exception]) -> None:
    """Hand over the answers, with one call into each event loop that waits for some."""
    by_loop: dict[asyncio.AbstractEventLoop, list[int]] = {}
    for place, ticket in enumerate(batch):
        by_loop.setdefault(ticket.loop, []).append(place)

    def hand_over(places: Sequence[int]) -> None:
        for place in places:
            future = batch[place].future
            if not future.done():  # whoever asked may have gone away
                future.set_result(answers[place])

    for loop, places in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(hand_over, places)
