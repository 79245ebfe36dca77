"""The command, with little memory: the address space is limited once the backend is loaded.

Usage: python small_memory.py MEGABYTES WORD [WORD ...]
"""

import os
import resource
import sys
from pathlib import Path


def main(megabytes: int, words: list[str]) -> int:
    """Load everything, leave so much memory to come, and run the command."""
    cores = sorted(os.sched_getaffinity(0))[:2]  # every thread reserves addresses of its own
    os.sched_setaffinity(0, cores)

    from tellapart.__main__ import main as run

    load_backend()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return run(words)


def load_backend() -> None:
    """Load what a training needs, and let the backend make its threads."""
    import keras

    import tellapart.workflow.session  # noqa: F401 - for its imports

    keras.ops.convert_to_numpy(keras.ops.ones(3) + 1)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
