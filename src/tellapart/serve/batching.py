"""Requests that come at the same time are answered together: a bounded queue, a few threads."""

import asyncio
import contextlib
import itertools
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
    What is light is left to one thread at a time, beside those that work on heavy jobs: most of
    it is Python, which several threads only take from each other.

    Args:
        work: Answers some jobs, one answer each, in order; an exception instead of an answer
            concerns that job alone. Must be usable from several threads.
        name: What to call its threads.
        threads: How many work.
        most: Jobs in one call of `work`.
        waiting: Jobs that may wait; above it `ask` refuses at once.
        is_heavy: Tells whether a job is worth a thread of its own, beside others.
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
        self._is_heavy, self._light_busy = is_heavy, False
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
        except BaseException:  # nobody waits any longer
            self._withdraw(tickets)
            raise

    def _withdraw(self, tickets: Sequence[_Ticket[Job, Answer]]) -> None:
        """Take out what waits of some jobs; what is begun is finished for nobody."""
        for ticket in tickets:
            ticket.future.cancel()
        with self._change:
            self._queue = deque(each for each in self._queue if not each.future.cancelled())
            if self._is_mine():  # what is first now may be heavy
                self._change.notify()

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
            try:
                self._answer(batch)
            finally:
                self._give_back(batch)

    def _answer(self, batch: Sequence[_Ticket[Job, Answer]]) -> None:
        wanted = [ticket for ticket in batch if not ticket.future.cancelled()]
        if not wanted:
            return
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
            is_heavy = self._is_heavy(self._queue[0].job)
            self._light_busy = self._light_busy or not is_heavy
            alike = itertools.takewhile(lambda t: self._is_heavy(t.job) == is_heavy, self._queue)
            waiting = len(list(itertools.islice(alike, self._most * len(self._threads))))
            share = math.ceil(waiting / len(self._threads)) if is_heavy else waiting
            taken = [self._queue.popleft() for _ in range(min(self._most, share))]
            if self._is_mine():
                self._change.notify()
            return taken

    def _give_back(self, batch: Sequence[_Ticket[Job, Answer]]) -> None:
        """Let light jobs be taken again, where these were such: by this thread, which goes on."""
        with self._change:
            if not self._is_heavy(batch[0].job):
                self._light_busy = False

    def _is_mine(self) -> bool:
        """Return whether something waits that a thread without work should take."""
        return bool(self._queue) and (not self._light_busy or self._is_heavy(self._queue[0].job))


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
        with contextlib.suppress(RuntimeError):  # it was closed meanwhile
            loop.call_soon_threadsafe(hand_over, places)
