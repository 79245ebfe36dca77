"""Train again and again in one process, and print the resident megabytes after each.

Usage: python many_trainings.py DATA.npz OUTPUT TIMES
"""

import json
import os
import sys
from pathlib import Path

import tellapart


def resident_megabytes() -> float:
    """Return what this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(data: str, output: str, times: int) -> None:
    """Train so many times, each time with another seed."""
    found = []
    for seed in range(times):
        tellapart.train(data, "fast", epochs=1, seed=seed, output=output, quiet=True)
        found.append(round(resident_megabytes(), 1))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
