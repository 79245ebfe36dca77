"""Ctrl-C and SIGTERM: a wish that is heard after the running step, or that undoes it at once."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from tellapart.errors import Interrupted


class StopSignal:
    """Remembers which signal asked for a stop; falsy until one did."""

    def __init__(self) -> None:
        self.number: int | None = None

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
    """Hear SIGINT and SIGTERM until the block ends; outside the main thread, hear nothing."""
    stop = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    old = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in old:
            signal.signal(number, stop.receive)
        yield stop
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def undone_by_sigterm(say: Callable[[], str]) -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that all in it is undone.

    Outside the main thread, and where the program has a say of its own about SIGTERM, it
    stays as it is.

    Args:
        say: Asked afterwards what is left.

    Raises:
        Interrupted: The signal came.
    """
    number, heard = signal.SIGTERM, []
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) is not signal.SIG_DFL
    ):
        yield
        return

    def receive(given: int, _frame: FrameType | None) -> None:
        heard.append(given)
        raise KeyboardInterrupt

    signal.signal(number, receive)
    try:
        yield
    except KeyboardInterrupt as stop:
        if not heard:
            raise
        raise Interrupted(say(), number) from stop
    finally:
        signal.signal(number, signal.SIG_DFL)
