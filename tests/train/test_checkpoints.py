"""Checkpoints on disk: whole or refused, the newest whole one found, old ones dropped."""

from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from tellapart.errors import BundleError
from tellapart.progress import SILENCE, Silence
from tellapart.train.checkpoints import (
    Checkpoint,
    Position,
    Running,
    drop_old,
    latest_checkpoint,
    load_checkpoint,
    save_checkpoint,
)


class _Listener(Silence):
    def __init__(self) -> None:
        self.lines: list[str] = []

    @override
    def say(self, line: str) -> None:
        self.lines.append(line)


def _checkpoint(epoch: int, index: int = 0) -> Checkpoint:
    tensors = {"network/00000": np.full((3, 4), epoch, np.float32), "optimizer/00000": np.int64(7)}
    arrays = {k: np.asarray(v) for k, v in tensors.items()}
    return Checkpoint(Position(epoch, index), Running(0.1, 3.0, 1 / 3), "{}\n", arrays)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    saved = _checkpoint(3, 640)
    found = load_checkpoint(save_checkpoint(tmp_path, saved))
    assert (found.position, found.running) == (saved.position, saved.running)
    assert found.history == saved.history
    for name, tensor in saved.tensors.items():
        np.testing.assert_array_equal(found.tensors[name], tensor)


def test_a_changed_byte_anywhere_is_refused(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, _checkpoint(1))
    raw = path.read_bytes()
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(BundleError, match="is damaged"):
            load_checkpoint(path)


def test_the_newest_whole_checkpoint_is_found_and_the_damaged_one_is_told(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, _checkpoint(1))
    save_checkpoint(tmp_path, _checkpoint(2))
    newest = save_checkpoint(tmp_path, _checkpoint(2, 320))
    newest.write_bytes(newest.read_bytes()[:-5])
    listener = _Listener()
    found = latest_checkpoint(tmp_path, listener)
    assert found is not None
    assert found.position == Position(2)
    [line] = listener.lines
    assert str(newest) in line


def test_a_damaged_checkpoint_is_set_aside_so_that_whole_ones_are_kept_after_it(
    tmp_path: Path,
) -> None:
    for epoch in (7, 8):
        path = save_checkpoint(tmp_path, _checkpoint(epoch))
        path.write_bytes(path.read_bytes()[:-5])
    listener = _Listener()
    assert latest_checkpoint(tmp_path, listener) is None
    assert listener.lines[-1] == "No checkpoint is whole: the training begins anew."
    save_checkpoint(tmp_path, _checkpoint(1))
    drop_old(tmp_path, best_epoch=None)
    found = latest_checkpoint(tmp_path, SILENCE)
    assert found is not None
    assert found.position == Position(1)
    assert len(list(tmp_path.glob("*.damaged"))) == 2


def test_an_empty_folder_has_no_checkpoint(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path, SILENCE) is None


def test_the_newest_two_and_the_best_are_kept(tmp_path: Path) -> None:
    for epoch in range(1, 7):
        save_checkpoint(tmp_path, _checkpoint(epoch))
    drop_old(tmp_path, best_epoch=2)
    names = [path.name.split("-")[1] for path in sorted(tmp_path.iterdir())]
    assert names == ["0002", "0005", "0006"]


def test_the_newest_is_found_and_kept_when_numbers_outgrow_their_digits(tmp_path: Path) -> None:
    for epoch in (9_998, 9_999, 10_000):
        save_checkpoint(tmp_path, _checkpoint(epoch))
    drop_old(tmp_path, best_epoch=None)
    found = latest_checkpoint(tmp_path, SILENCE)
    assert found is not None
    assert found.position.epoch == 10_000
    assert len(list(tmp_path.iterdir())) == 2
