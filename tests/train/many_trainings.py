"""Train again and again in one process, and print the resident megabytes after each.

What is free is given back first: what the allocator holds of it goes up and down by more than
a training would leave behind.

Usage: python many_trainings.py DATA.npz OUTPUT TIMES
"""

import ctypes
import gc
import json
import sys
from pathlib import Path

import tellapart

sys.path.insert(0, str(Path(__file__).parent / "engines"))
from large_map import resident_kilobytes


def main(data: str, output: str, times: int) -> None:
    """Train so many times, each time with another seed."""
    found = []
    for seed in range(times):
        tellapart.train(data, "fast", epochs=1, seed=seed, output=output, quiet=True)
        gc.collect()
        if sys.platform == "linux":
            ctypes.CDLL(None).malloc_trim(0)
        found.append(round(resident_kilobytes("VmRSS") / 1024, 1))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
