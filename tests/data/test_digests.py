"""Remembered digests: forgetting them beside other processes."""

import os
from pathlib import Path

from tellapart.data.digests import forget


def test_memories_that_are_gone_already_are_forgotten_without_a_word(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(b"")
        os.utime(path, ns=(number, number))
    (tmp_path / "gone.npz").symlink_to(tmp_path / "nowhere")
    forget(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.npz", "2.npz"]
