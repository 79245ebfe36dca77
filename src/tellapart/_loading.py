"""Load Keras: without search for garbage, and without what TensorFlow says unasked."""

import gc
import importlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tellapart.interrupts import signals_wait

NOTICE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\) is called|I\d{4} [\d:.]+ +\d+ "
)
"""How a line begins that tells nothing of interest; warnings and mistakes begin otherwise."""


def load_keras() -> None:
    """Import Keras and its backend."""
    with signals_wait(), without_collecting(), without_notices():
        importlib.import_module("keras")


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no garbage meanwhile.

    Keras and its backend make half a million objects, which would be gone through again and
    again while they come into being: that is a quarter of the time that loading them takes.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def without_notices() -> Iterator[None]:
    """Hold back what this process writes to stderr, and pass on at the end what is no notice.

    No setting of TensorFlow's silences its first lines. Where stderr is no file, or nothing
    can be kept, all goes its usual way.
    """
    with ExitStack() as stack:
        try:
            held = stack.enter_context(tempfile.TemporaryFile())
            usual = os.dup(2)
        except OSError:
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(usual, 2)
            os.close(usual)
            held.seek(0)
            for line in held:
                if not NOTICE.match(line):
                    os.write(2, line)
