"""Threads that work out answers go after the one that reads requests."""

import os
import sys
from pathlib import Path

import pytest

from tellapart.serve.loaded import load
from tellapart.workflow.predict import open_model

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere threads have no niceness of their own"
)


def _niceness() -> dict[int, int]:
    """Return that of each thread of this process."""
    threads = [int(path.name) for path in Path("/proc/self/task").iterdir()]
    return {thread: os.getpriority(os.PRIO_PROCESS, thread) for thread in threads}


def test_all_threads_of_a_loaded_bundle_go_after_the_others(served_bundle: Path) -> None:
    before = _niceness()
    loaded = load(served_bundle, lambda path: open_model(path, backend="onnx"))
    after = _niceness()
    new = {nice for thread, nice in after.items() if thread not in before}
    assert new
    assert min(new) > before[os.getpid()] == after[os.getpid()]
    assert loaded.predictor.replay_golden().passed
