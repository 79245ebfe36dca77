"""Ctrl-C and SIGTERM: a wish that is heard after the running step, or that undoes it at once."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from tellapart.errors import Interrupted, TellapartError

_USUAL: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""What signals do where the program has no say of its own about them."""


class _Heard:
    """Is what was heard since the outermost block that is undone began.

    An exception that a signal raises can get lost: it may come while other people's code runs
    that catches everything, or while Python looks for garbage. So it is remembered as well.
    """

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.waiting = 0


_heard = _Heard()


class StopSignal:
    """Remembers which signal asked for a stop; falsy until one did."""

    def __init__(self, number: int | None = None) -> None:
        self.number = number

    def __bool__(self) -> bool:
        return self.number is not None

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal; a second one stops at once.

        Raises:
            KeyboardInterrupt: It is the second signal.
        """
        if self.number is not None:
            raise KeyboardInterrupt
        self.number = number


@contextlib.contextmanager
def listen_for_stop() -> Iterator[StopSignal]:
    """Hear SIGINT and SIGTERM until the block ends; outside the main thread, hear nothing.

    A signal whose exception got lost before counts from the beginning.
    """
    if not _is_main():
        yield StopSignal()
        return
    stop = StopSignal(next(iter(_heard.numbers), None))
    old = {number: signal.getsignal(number) for number in _USUAL}
    try:
        for number in old:
            signal.signal(number, stop.receive)
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def undone_by_signals(say: Callable[[], str]) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the block with an exception, so that all in it is undone.

    Outside the main thread nothing is heard, and a signal about which the program has a say of
    its own stays as it is.

    Args:
        say: Asked afterwards what is left.

    Raises:
        Interrupted: A signal came.
    """
    ours = [number for number, usual in _USUAL.items() if signal.getsignal(number) is usual]
    if not _is_main() or not ours:
        yield
        return
    _heard.numbers.clear()
    tell_of_lost = sys.unraisablehook
    try:
        sys.unraisablehook = lambda lost: None if _is_stop(lost) else tell_of_lost(lost)
        for number in ours:
            signal.signal(number, _receive)
        yield
    except BaseException as error:
        # others may have made something else of the exception on its way
        if not _heard.numbers or isinstance(error, TellapartError):
            raise
        raise Interrupted(say(), _heard.numbers[0]) from error
    finally:
        for number in ours:
            signal.signal(number, _USUAL[number])
        sys.unraisablehook = tell_of_lost
        _heard.numbers.clear()


@contextlib.contextmanager
def signals_wait() -> Iterator[None]:
    """Let a signal wait for the end of the block, in which an exception might get lost.

    It holds within `undone_by_signals`; a second signal does not wait.

    Raises:
        KeyboardInterrupt: A signal came.
    """
    if not _is_main():
        yield
        return
    _heard.waiting += 1
    try:
        yield
    finally:
        _heard.waiting -= 1
    raise_if_heard()


def raise_if_heard() -> None:
    """Raise again what a signal raised before, if that got lost.

    Raises:
        KeyboardInterrupt: A signal came.
    """
    if _heard.numbers and _is_main():
        raise KeyboardInterrupt


def _receive(number: int, _frame: FrameType | None) -> None:
    _heard.numbers.append(number)
    if len(_heard.numbers) > 1 or not _heard.waiting:
        raise KeyboardInterrupt


def _is_stop(lost: "sys.UnraisableHookArgs") -> bool:
    return issubclass(lost.exc_type, KeyboardInterrupt)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()
