"""Checkpoints written beside the training: when they are due, what is kept, what fails."""

from pathlib import Path

import numpy as np
import pytest

from tellapart.errors import OutputError
from tellapart.train.checkpoints import Checkpoint, Position, Running, load_checkpoint
from tellapart.train.saver import Saver


class _Clock:
    """Tells the time that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _checkpoint(epoch: int, index: int = 0) -> Checkpoint:
    tensors = {"network/00000": np.full(5, index, np.float32)}
    return Checkpoint(Position(epoch, index), Running(), "", tensors)


def test_a_checkpoint_is_due_when_the_interval_is_over_and_not_before(tmp_path: Path) -> None:
    clock = _Clock()
    saver = Saver(tmp_path, interval=30.0, clock=clock)
    clock.now += 29.9
    assert not saver.is_due()
    clock.now += 0.1
    assert saver.is_due()
    saver.save(_checkpoint(0, 32), None)
    saver.wait()
    assert not saver.is_due()
    clock.now += 30.0
    assert saver.is_due()


def test_what_was_handed_over_is_on_disk_after_waiting(tmp_path: Path) -> None:
    saver = Saver(tmp_path)
    for index in (32, 64, 96, 128):
        saver.save(_checkpoint(0, index), None)
    saver.wait()
    saver.close()
    indices = [load_checkpoint(p).position.index for p in sorted(tmp_path.iterdir())]
    assert indices == [96, 128]


def test_the_best_epochs_checkpoint_is_never_dropped(tmp_path: Path) -> None:
    saver = Saver(tmp_path)
    for epoch in range(1, 6):
        saver.save(_checkpoint(epoch), best_epoch=2)
    saver.wait()
    epochs = [load_checkpoint(p).position.epoch for p in sorted(tmp_path.iterdir())]
    assert epochs == [2, 4, 5]


def test_a_place_that_cannot_be_written_is_told_to_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    saver = Saver(tmp_path / "file")
    saver.save(_checkpoint(1), None)
    with pytest.raises(OutputError):
        saver.wait()
    saver.close()
