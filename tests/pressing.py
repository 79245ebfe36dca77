"""A progress that presses Ctrl-C: a real signal to this process, at a known place of a training."""

import os
import signal

from typing_extensions import override

from tellapart.progress import Silence


class PressCtrlC(Silence):
    """Sends this process a signal when training has gone through some samples.

    Args:
        after: How many samples, at least.
        number: Which signal.
    """

    def __init__(self, after: int, number: signal.Signals = signal.SIGINT) -> None:
        self._left, self._number, self._pressed = after, number, False

    @override
    def advance(self, amount: int = 1, note: str = "") -> None:
        self._left -= amount
        if self._left <= 0 and not self._pressed:
            self._pressed = True
            os.kill(os.getpid(), self._number)
