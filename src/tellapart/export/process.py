"""A Python process of its own for a part of an export: nothing of this one reaches it."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tellapart._loading import NOTICE
from tellapart.errors import ExportError

SECONDS = 600
"""The longest that such a process may take."""

_A_LINE = 300


def run_module(
    words: Sequence[str],
    what: str,
    *,
    given: bytes = b"",
    backend: str | None = None,
    same_path: bool = False,
) -> bytes:
    """Run `python -m` and return what it wrote to standard output.

    Args:
        words: The module, and what it is told.
        what: What it does, for messages: "PATH cannot be run".
        given: Goes to its standard input.
        backend: Keras' backend there; by default what the environment says.
        same_path: Whether modules are looked for where this process does, a user's own too.

    Raises:
        ExportError: It failed, was ended, or took too long.
    """
    # -P: never what lies in the working folder
    command = [sys.executable, "-P", "-m", *words]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    if backend is not None:
        environment["KERAS_BACKEND"] = backend
    if same_path:
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(path).resolve()) for path in sys.path)
    try:
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"{what}: it took more than {SECONDS} seconds.") from error
    if done.returncode:
        raise ExportError(f"{what}: {_last_words(done.stderr) or _how_it_ended(done.returncode)}")
    return done.stdout


def _last_words(written: bytes) -> str:
    lines = [line for line in written.strip().splitlines() if not NOTICE.match(line)]
    return " ".join(line[:_A_LINE].decode("utf-8", "replace") for line in lines[-3:])


def _how_it_ended(code: int) -> str:
    if code < 0:
        return f"its process was ended by {signal.Signals(-code).name}"
    return f"its process ended with {code}"
