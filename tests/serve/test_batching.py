"""Requests that are answered together, and those that are refused."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.serve.batching import Batcher
from tellapart.serve.problems import Overloaded, Problem

Answer = TypeVar("Answer")


class Work:
    """Doubles numbers, when the gate is open."""

    def __init__(self, *, is_open: bool = True) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()
        if is_open:
            self.gate.set()

    def __call__(self, jobs: Sequence[int]) -> list[int | Exception]:
        self.gate.wait(30)
        self.sizes.append(len(jobs))
        return [ValueError("odd") if job % 2 else 2 * job for job in jobs]


def _run(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what comes of some work, in a thread: the tests' browser has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=9), min_size=1, max_size=20))
def test_everybody_gets_the_answers_to_their_own_jobs_in_order(asked: list[list[int]]) -> None:
    work = Work()
    batcher = Batcher[int, int](work, "test", most=4)

    async def ask_all() -> list[list[int | Exception]]:
        return await asyncio.gather(*(batcher.ask(jobs) for jobs in asked))

    found = _run(ask_all())
    batcher.close()
    for jobs, answers in zip(asked, found, strict=True):
        for job, answer in zip(jobs, answers, strict=True):
            assert isinstance(answer, ValueError) if job % 2 else answer == 2 * job
    assert max(work.sizes) <= 4
    assert sum(work.sizes) == sum(map(len, asked))


def test_what_comes_while_a_thread_works_is_answered_together() -> None:
    work = Work(is_open=False)
    batcher = Batcher[int, int](work, "test", threads=1, most=64)

    async def ask_all() -> None:
        asked = [asyncio.create_task(batcher.ask([2])) for _ in range(21)]
        await asyncio.sleep(0.1)
        work.gate.set()
        await asyncio.gather(*asked)

    _run(ask_all())
    batcher.close()
    assert sum(work.sizes) == 21
    assert len(work.sizes) <= 3


async def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


class Held:
    """Keeps what it is given until the gate is open; from 100 on it is heavy."""

    def __init__(self) -> None:
        self.taken, self.gate = list[list[int]](), threading.Event()
        self.batcher = Batcher[int, int](self, "test", threads=2, is_heavy=lambda job: job >= 100)

    def __call__(self, jobs: Sequence[int]) -> list[int | Exception]:
        self.taken.append([*jobs])
        self.gate.wait(30)
        return list(jobs)


def test_what_is_light_is_left_to_one_thread() -> None:
    held = Held()

    async def ask_all() -> None:
        first = asyncio.create_task(held.batcher.ask([2]))
        await _until(lambda: held.taken == [[2]])
        others = asyncio.create_task(held.batcher.ask([2] * 7))
        await asyncio.sleep(0.1)
        assert held.taken == [[2]]  # the other thread leaves them alone
        held.gate.set()
        assert (await first, await others) == ([2], [2] * 7)

    _run(ask_all())
    held.batcher.close()
    assert held.taken == [[2], [2] * 7]


def test_what_is_heavy_is_shared_and_goes_on_beside_what_is_light() -> None:
    held = Held()

    async def ask_all() -> None:
        asked = []
        for jobs, taken in (([2], [[2]]), ([100] * 7, [[2], [100] * 4])):
            asked.append(asyncio.create_task(held.batcher.ask(jobs)))
            await _until(lambda taken=taken: held.taken == taken)  # type: ignore[misc]
        held.gate.set()
        assert await asyncio.gather(*asked) == [[2], [100] * 7]

    _run(ask_all())
    held.batcher.close()


def test_what_is_light_need_not_wait_for_what_is_heavy() -> None:
    held = Held()

    async def ask_all() -> None:
        first = asyncio.create_task(held.batcher.ask([100]))
        await _until(lambda: held.taken == [[100]])
        second = asyncio.create_task(held.batcher.ask([2, 2, 100]))
        await _until(lambda: held.taken == [[100], [2, 2]])
        held.gate.set()
        assert (await first, await second) == ([100], [2, 2, 100])

    _run(ask_all())
    held.batcher.close()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_closing_ends_every_thread_though_one_works_on_what_is_light(threads: int) -> None:
    work = Work(is_open=False)
    batcher = Batcher[int, int](work, "test", threads=threads, most=1, is_heavy=lambda _: False)

    async def ask_all() -> None:
        asked = [asyncio.create_task(batcher.ask([2])) for _ in range(5)]
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close))
        await asyncio.sleep(0.05)
        work.gate.set()
        assert await asyncio.gather(*asked) == [[4]] * 5
        await asyncio.wait_for(closing, 30)

    _run(ask_all())
    assert len(work.sizes) == 5


def test_more_than_may_wait_is_refused_at_once_and_the_others_are_answered() -> None:
    work = Work(is_open=False)
    batcher = Batcher[int, int](work, "test", threads=1, most=1, waiting=4)

    async def ask_all() -> None:
        asked = []
        for _ in range(5):
            asked.append(asyncio.create_task(batcher.ask([2])))
            await asyncio.sleep(0.05)  # the first is being worked on, four wait
        began = time.perf_counter()
        with pytest.raises(Overloaded) as refused:
            await batcher.ask([2])
        assert time.perf_counter() - began < 0.05
        assert refused.value.status == 503
        assert "Retry-After" in refused.value.headers
        work.gate.set()
        assert await asyncio.gather(*asked) == [[4]] * 5

    _run(ask_all())
    batcher.close()


def test_a_request_is_taken_whole_or_not_at_all() -> None:
    work = Work()
    batcher = Batcher[int, int](work, "test", waiting=4)
    with pytest.raises(Overloaded):
        _run(batcher.ask([2] * 5))
    batcher.close()
    assert work.sizes == []


def test_what_nobody_waits_for_any_longer_is_not_worked_on() -> None:
    work = Work(is_open=False)
    batcher = Batcher[int, int](work, "test", threads=1, most=1)

    async def ask_all() -> None:
        first = asyncio.create_task(batcher.ask([2]))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(batcher.ask([4]))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        assert batcher.waiting == 0  # its place is free
        work.gate.set()
        assert await first == [4]

    _run(ask_all())
    batcher.close()
    assert len(work.sizes) == 1


def test_closing_answers_what_waits_and_refuses_the_rest() -> None:
    work = Work(is_open=False)
    batcher = Batcher[int, int](work, "test", threads=1, most=1)

    async def ask_all() -> None:
        asked = [asyncio.create_task(batcher.ask([2])) for _ in range(3)]
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close))
        await asyncio.sleep(0.05)
        with pytest.raises(Problem, match="stopping"):
            await batcher.ask([2])
        work.gate.set()
        assert await asyncio.gather(*asked) == [[4]] * 3
        await closing

    _run(ask_all())


def test_a_failing_batch_fails_and_the_thread_lives_on() -> None:
    def work(jobs: Sequence[int]) -> list[int | Exception]:
        if 0 in jobs:
            raise MemoryError("too much")
        return list(jobs)

    batcher = Batcher[int, int](work, "test", threads=1)
    (found,) = _run(batcher.ask([0]))
    assert isinstance(found, MemoryError)
    assert _run(batcher.ask([1])) == [1]
    batcher.close()


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere threads have no niceness of their own"
)
def test_threads_that_answer_let_the_one_that_reads_requests_go_first() -> None:
    found: list[int] = []

    def look(jobs: Sequence[int]) -> list[int | Exception]:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return list(jobs)

    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    batcher = Batcher[int, int](look, "test")
    _run(batcher.ask([1]))
    batcher.close()
    assert found[0] > here == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
