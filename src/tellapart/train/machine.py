"""What of the machine decides the last bits of a training."""

import os
import platform
from pathlib import Path

import keras

_VARIABLES = (
    *("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
    *("TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "JAX_ENABLE_X64"),
)
"""The environment variables that change how many threads compute, or with what."""


def machine_facts() -> dict[str, str]:
    """Return what a training's bits depend on beside recipe, data and versions.

    The backends share their sums out among as many threads as there are processors to run
    on; another number adds in another order.
    """
    facts = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "processors": str(_count()),
        "floats": str(keras.config.floatx()),
    }
    return facts | {name: os.environ[name] for name in _VARIABLES if name in os.environ}


def _count() -> int:
    """Return how many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Return the processor's name, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown"
