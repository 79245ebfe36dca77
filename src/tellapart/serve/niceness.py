"""Who goes first where there are more threads than processors."""

import os
import sys
import threading

NICENESS = 5
"""Added to that of threads that answer. More would leave them too little beside other programs."""


def step_back() -> None:
    """Let others go before this thread, where the system tells threads apart.

    The thread that reads requests, and refuses some, then need not wait until an answer is
    worked out: that makes more of them a second, too. Threads that this one begins go after
    it as well.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, now + NICENESS))
