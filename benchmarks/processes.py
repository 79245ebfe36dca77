"""Run commands as whole processes and measure them: wall time, peak memory, last line."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class Measured:
    """What one process took."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    output: str


def measure(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    errors: IO[str] | int = subprocess.DEVNULL,
) -> Measured:
    """Run one command to its end.

    Args:
        command: The words.
        environment: Variables to set.
        errors: Where its stderr goes; nowhere by default.

    Raises:
        RuntimeError: It failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Measured(time.perf_counter() - began, cpu_seconds, usage.ru_maxrss / 1024, output)


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return minimum, median and maximum, rounded for reading."""
    figures = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 4) for name, value in figures.items()}


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    return {"cores": os.cpu_count(), "python": sys.version.split()[0], "platform": sys.platform}
