"""A disk that is full or broken, and a kill, at every call of one save: old or new, and whole."""

import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

import tellapart
from tellapart.bundle import open_bundle, write_bundle
from tellapart.errors import BundleError, OutputError
from tellapart.files import write_whole
from tellapart.manifest import Scores
from tellapart.progress import Silence
from tellapart.train.checkpoints import latest_checkpoint, load_checkpoint
from tellapart.train.history import History
from tellapart.train.runs import RunFolder
from tellapart.workflow.runs import Run

sys.path.insert(0, str(Path(__file__).parent))
from faults import SIZES, Call, Disk, checkpoint, save

# the new checkpoint is on the disk, and its name too, before an old one goes
SAVE = ["mkdir", "open", "write", "fsync", "replace", "open", "fsync", "unlink"]
WHOLE_FILE = SAVE[:-1]
RENAMED = SAVE.index("replace")
ERRORS = [errno.ENOSPC, errno.EIO]


class _Listener(Silence):
    def __init__(self) -> None:
        self.lines: list[str] = []

    @override
    def say(self, line: str, *, only_log: bool = False) -> None:
        self.lines.append(line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the checkpoints of two epochs."""
    for epoch in (1, 2):
        save(tmp_path / "checkpoints", epoch)
    return tmp_path / "checkpoints"


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Return the folders and the lines of the faults that need processes of their own."""
    parent = tmp_path_factory.mktemp("forked")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("faults.py")), str(parent)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "numpy"},  # it has no threads that forget to fork
    )
    return parent, done.stdout.splitlines()


def assert_all_whole_and_newest_is(folder: Path, epoch: int) -> None:
    for path in folder.glob("*.safetensors"):
        load_checkpoint(path)
    listener = _Listener()
    found, expected = latest_checkpoint(folder, listener), checkpoint(epoch)
    assert found is not None
    assert (found.position, found.running) == (expected.position, expected.running)
    np.testing.assert_array_equal(found.tensors["network/00000"], expected.tensors["network/00000"])
    assert listener.lines == []


def test_one_save_makes_these_calls_and_no_others(folder: Path) -> None:
    with Disk() as disk:
        save(folder, 3)
    assert [call.name for call in disk.seen] == SAVE
    assert_all_whole_and_newest_is(folder, 3)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("at", range(len(SAVE)))
def test_after_an_error_anywhere_the_old_or_the_new_one_is_whole_and_the_next_save_works(
    at: int, number: int, lasting: bool, folder: Path
) -> None:
    def fails(now: int, _: object) -> bool:
        return now >= at if lasting else now == at

    if SAVE[at] == "mkdir" and not lasting:  # the folder is there already
        with Disk(fails, number):
            save(folder, 3)
    else:
        with Disk(fails, number), pytest.raises(OutputError) as caught:
            save(folder, 3)
        assert os.strerror(number) in str(caught.value)
        assert f"{folder}/epoch-000" in str(caught.value)
    is_saved = at > RENAMED or (at == 0 and not lasting)
    assert_all_whole_and_newest_is(folder, 3 if is_saved else 2)
    assert lasting or not list(folder.glob(".*"))
    save(folder, 4)
    assert_all_whole_and_newest_is(folder, 4)


def test_the_kills_are_at_every_call(forked: tuple[Path, list[str]]) -> None:
    rows = [json.loads(line) for line in forked[1] if line.startswith("{")]
    assert rows == [{"killed": at, "code": -9} for at in range(len(SAVE))]


@pytest.mark.parametrize("at", range(len(SAVE)))
def test_after_a_kill_anywhere_the_old_or_the_new_one_is_whole_and_the_next_save_works(
    at: int, forked: tuple[Path, list[str]]
) -> None:
    folder = forked[0] / f"killed-{at}"
    assert_all_whole_and_newest_is(folder, 3 if at > RENAMED else 2)
    save(folder, 4)
    assert_all_whole_and_newest_is(folder, 4)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_may_not_grow_is_no_checkpoint_and_the_next_save_works(
    size: int, forked: tuple[Path, list[str]]
) -> None:
    folder = forked[0] / f"limited-{size}"
    target = folder / "epoch-0003-000000000.safetensors"
    assert any(f"OutputError: Cannot write {target}: File too large." in line for line in forked[1])
    assert sorted(path.name[:10] for path in folder.iterdir()) == ["epoch-0001", "epoch-0002"]
    assert_all_whole_and_newest_is(folder, 2)
    save(folder, 3)
    assert_all_whole_and_newest_is(folder, 3)


def test_a_disk_that_is_really_full_keeps_the_old_checkpoint(small_disk: Path) -> None:
    save(small_disk, 2)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(56 * 1024))
    with pytest.raises(OutputError, match="epoch-0003.*No space left on device"):
        save(small_disk, 3)
    assert_all_whole_and_newest_is(small_disk, 2)
    filler.unlink()
    save(small_disk, 3)
    assert_all_whole_and_newest_is(small_disk, 3)


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("at", range(1, len(WHOLE_FILE)))
def test_history_and_classifier_are_old_or_new_after_an_error_anywhere(
    at: int, number: int, run: Run, tmp_path: Path
) -> None:
    old = open_bundle(RunFolder(run.path).bundle_path)
    new = old.with_scores(Scores(accuracy=1, accuracy_low=1, accuracy_high=1, loss=0, samples=1))
    folder = RunFolder(tmp_path)
    write_whole(folder.history_path, run.history.to_jsonl())
    write_bundle(folder.bundle_path, old)
    with Disk(lambda now, _: now == at, number) as disk, pytest.raises(OutputError):
        write_whole(folder.history_path, History(run.history.epochs[:1]).to_jsonl())
    with Disk(lambda now, _: now == at, number), pytest.raises(OutputError):
        write_bundle(folder.bundle_path, new)
    assert [call.name for call in disk.seen[: at + 1]] == WHOLE_FILE[: at + 1]
    is_new = at > RENAMED
    assert len(folder.history()) == (1 if is_new else len(run.history))
    found = open_bundle(folder.bundle_path)
    assert found.manifest.scores == (new if is_new else old).manifest.scores
    assert {p.name for p in tmp_path.iterdir()} == {"history.jsonl", "model.tellapart"}


def test_a_file_that_was_cut_short_elsewhere_is_no_checkpoint(folder: Path) -> None:
    newest = folder / "epoch-0002-000000000.safetensors"
    whole = newest.read_bytes()
    for size in range(0, len(whole), 97):
        newest.write_bytes(whole[:size])
        with pytest.raises(BundleError, match="is damaged"):
            load_checkpoint(newest)
        found = latest_checkpoint(folder, Silence())
        assert found is not None
        assert found.position.epoch == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["epoch-0002", "history", "model", "curves", "evaluation"])
def test_a_run_writes_every_file_beside_and_goes_on_after_the_disk_was_full(
    name: str, slice_file: Path, file_run: Run, tmp_path: Path
) -> None:
    path = tmp_path / f"{slice_file.stem}-1"

    def fails(_: int, call: Call) -> bool:
        is_ready = any(path.glob("checkpoints/*"))  # before, a run leaves no folder
        return is_ready and call.name == "open" and f".{name}" in call.path

    with Disk(fails, errno.ENOSPC) as disk, pytest.raises(OutputError, match=name):
        tellapart.train(slice_file, "guide", epochs=2, output=tmp_path, quiet=True)
    opened = [Path(c.path) for c in disk.seen if c.name == "open" and str(path) in c.path]
    assert {p.suffix for p in opened if not p.is_dir()} == {".part"}
    resumed = tellapart.train(resume=path, quiet=True)
    assert resumed.evaluation == file_run.evaluation
    ours, theirs = resumed.model.network.get_weights(), file_run.model.network.get_weights()
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_draft_that_fails_leaves_the_classifier_that_was_there(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for content, expected in ((b"first", b"first"), (None, b"first"), (b"second", b"second")):
        with suppress(RuntimeError), folder.drafting():
            folder.draft_path.write_bytes(content or b"half of it")
            if content is None:
                raise RuntimeError
            folder.publish()
        assert folder.bundle_path.read_bytes() == expected
        assert list(tmp_path.iterdir()) == [folder.bundle_path]
