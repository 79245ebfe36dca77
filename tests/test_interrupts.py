"""Signals undo a block, where nobody else listens to them, and are never lost."""

import contextlib
import os
import signal
import threading
import time

import pytest

from tellapart.errors import Interrupted
from tellapart.interrupts import (
    listen_for_stop,
    raise_if_heard,
    signals_wait,
    undone_by_signals,
)


def _send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)


def test_what_no_signal_brought_stays_what_it_is() -> None:
    with pytest.raises(KeyboardInterrupt), undone_by_signals(str):
        raise KeyboardInterrupt
    with pytest.raises(ValueError, match="mine"), undone_by_signals(str):
        raise ValueError("mine")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_undo_the_block_and_say_what_is_left(number: int) -> None:
    before = signal.getsignal(number)
    with (
        pytest.raises(Interrupted, match="nothing is left") as caught,
        undone_by_signals(lambda: "nothing is left"),
    ):
        _send(number)
    assert caught.value.exit_code == 128 + number
    assert signal.getsignal(number) is before


def _lose(number: int) -> None:
    """Send a signal whose exception gets lost, as in other people's code."""
    with contextlib.suppress(BaseException):
        _send(number)


def test_a_signal_that_got_lost_is_heard_at_the_next_safe_place() -> None:
    with pytest.raises(Interrupted) as caught, undone_by_signals(str):  # noqa: PT012
        _lose(signal.SIGTERM)
        raise_if_heard()
    assert caught.value.signal_number == signal.SIGTERM
    raise_if_heard()  # it is over


def test_a_signal_that_comes_while_garbage_is_looked_for_says_nothing_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Garbage:
        def __del__(self) -> None:
            _send(signal.SIGINT)

    with pytest.raises(Interrupted), undone_by_signals(str):  # noqa: PT012
        Garbage()  # whatever is raised while it goes is lost
        raise_if_heard()
    assert capsys.readouterr().err == ""


def test_a_signal_that_got_lost_stops_the_next_work_that_listens() -> None:
    with undone_by_signals(str):
        _lose(signal.SIGINT)
        with listen_for_stop() as stop:
            assert stop.number == signal.SIGINT
    with listen_for_stop() as stop:
        assert not stop


def test_a_signal_of_which_others_made_an_error_is_still_a_signal() -> None:
    with pytest.raises(Interrupted), undone_by_signals(str):  # noqa: PT012
        try:
            _send(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError from None


def test_a_signal_waits_for_the_end_of_what_would_lose_it_and_a_second_one_does_not() -> None:
    done: list[str] = []
    with pytest.raises(Interrupted), undone_by_signals(str), signals_wait():  # noqa: PT012
        _send(signal.SIGINT)
        done.append("all of it")
    assert done == ["all of it"]
    with pytest.raises(Interrupted), undone_by_signals(str), signals_wait():  # noqa: PT012
        _send(signal.SIGINT)
        _send(signal.SIGINT)
        done.append("not this")
    assert done == ["all of it"]


def test_who_has_a_say_about_sigterm_keeps_it() -> None:
    heard: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        with undone_by_signals(str):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert heard == [signal.SIGTERM]


def test_in_another_thread_all_goes_as_before() -> None:
    done: list[bool] = []

    def work() -> None:
        with undone_by_signals(str):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
