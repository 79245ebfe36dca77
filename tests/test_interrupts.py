"""SIGTERM undoes a block as Ctrl-C does, where nobody else listens to it."""

import os
import signal
import threading
import time

import pytest

from tellapart.interrupts import undone_by_sigterm


def test_ctrl_c_stays_what_it_is() -> None:
    with pytest.raises(KeyboardInterrupt), undone_by_sigterm(str):
        raise KeyboardInterrupt


def test_who_has_a_say_about_sigterm_keeps_it() -> None:
    heard: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        with undone_by_sigterm(str):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert heard == [signal.SIGTERM]


def test_in_another_thread_all_goes_as_before() -> None:
    done: list[bool] = []

    def work() -> None:
        with undone_by_sigterm(str):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
