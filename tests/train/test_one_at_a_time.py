"""Trainings in two threads of one process take turns: they share seed, state and programs."""

import threading
from pathlib import Path

from tellapart.train.runs import RunFolder


def test_a_second_thread_waits_until_the_first_has_trained(tmp_path: Path) -> None:
    seen: list[str] = []
    begun = threading.Event()

    def train() -> None:
        begun.set()
        with RunFolder.create(tmp_path, "second").held():
            seen.append("second")

    with RunFolder.create(tmp_path, "first").held():
        other = threading.Thread(target=train)
        other.start()
        begun.wait()
        other.join(0.2)
        seen.append("first")
    other.join()
    assert seen == ["first", "second"]
