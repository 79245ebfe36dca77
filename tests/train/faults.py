"""A disk that fails: at one chosen call to the system, by an error or by killing the process.

As a program, it kills a process of its own at every call of one save, and makes others save
with a limit on the size of files. Usage: python faults.py FOLDER
"""

import builtins
import io
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from typing_extensions import override

CALLS = (
    *("open", "write", "writev", "pwrite", "pwritev", "sendfile", "copy_file_range", "fsync"),
    *("fdatasync", "sync", "replace", "rename", "link", "symlink", "unlink", "remove", "rmdir"),
    *("mkdir", "truncate", "ftruncate", "posix_fallocate"),
)
"""What `os` has to change files with; `FileIO` is watched beside it."""

SIZES = (0, 1, 500, 2000)
"""Limits in bytes, all below the size of the checkpoint."""


@dataclass(frozen=True)
class Call:
    """Is one call to the system: its name, and the path where there is one."""

    name: str
    path: str


class Disk:
    """Watches every call that changes files, while the block lasts.

    Args:
        fails: Whether a call fails, by its number (from 0) and itself.
        number: The error that the system then gives; `None` kills the process instead.
    """

    def __init__(
        self, fails: Callable[[int, Call], bool] = lambda *_: False, number: int | None = None
    ) -> None:
        self._fails, self._number = fails, number
        self._own = {name: getattr(os, name) for name in CALLS}
        self._open = io.open
        self.seen: list[Call] = []

    def meet(self, call: Call, before: Callable[[], object] = lambda: None) -> None:
        """Take note of a call; where it is to fail, do something before, and fail."""
        self.seen.append(call)
        if not self._fails(len(self.seen) - 1, call):
            return
        before()
        if self._number is None:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            raise OSError(self._number, os.strerror(self._number), call.path)

    def __enter__(self) -> Self:
        for name, own in self._own.items():
            setattr(os, name, self._watched(name, own))
        vars(io)["open"] = vars(builtins)["open"] = self._open_watched
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        vars(io)["open"] = vars(builtins)["open"] = self._open
        for name, own in self._own.items():
            setattr(os, name, own)

    def _watched(self, name: str, own: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.meet(Call(name, str(args[0]) if args else ""))
            return own(*args, **kwargs)

        return call

    def _open_watched(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not set(mode) & set("wxa+"):
            return self._open(file, mode, *args, **kwargs)
        self.meet(Call("open", str(file)))
        raw = _WatchedFile(self, file, mode.replace("b", "").replace("t", ""))
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")


class _WatchedFile(io.FileIO):
    """Is a file whose writes may fail, half done."""

    def __init__(self, disk: Disk, file: Any, mode: str) -> None:
        super().__init__(file, mode)
        self._disk = disk

    @override
    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        own = super().write
        self._disk.meet(Call("write", str(self.name)), lambda: own(view[: len(view) // 2]))
        return own(view)


def checkpoint(epoch: int) -> Any:
    """Return a checkpoint that an epoch ends with; its content tells which."""
    from tellapart.train.checkpoints import Checkpoint, Position, Running

    tensors = {"network/00000": np.full((30, 40), epoch, np.float32)}
    return Checkpoint(Position(epoch), Running(0.1, 3.0, 1 / 3), "", tensors)


def save(folder: Path, epoch: int) -> None:
    """Save a checkpoint as a training does, and drop old ones."""
    from tellapart.train.saver import Saver

    saver = Saver(folder)
    try:
        saver.save(checkpoint(epoch), None)
        saver.wait()
    finally:
        saver.close()


def say(line: str) -> None:
    """Write a line to stdout at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def in_a_fork(work: Callable[[], object]) -> int:
    """Return the exit code of a process that does some work; minus the signal's if killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a fork must not go on as its parent
            say(f"{type(error).__name__}: {error}")
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def save_and_kill(folder: Path, at: int) -> None:
    """Save the third epoch's checkpoint, and kill this process at one call of it."""
    with Disk(lambda number, _: number == at):
        save(folder, 3)


def save_with_limit(folder: Path, size: int) -> None:
    """Save the third epoch's checkpoint where no file may be larger than some bytes."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        save(folder, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def main(parent: Path) -> None:
    """Make every fault that needs a process of its own, each in a folder of its own."""
    for epoch in (1, 2):
        save(parent / "clean", epoch)
    with Disk() as disk:
        save(parent / "clean", 3)
    for at in range(len(disk.seen)):
        folder = parent / f"killed-{at}"
        for epoch in (1, 2):
            save(folder, epoch)
        code = in_a_fork(partial(save_and_kill, folder, at))
        say(json.dumps({"killed": at, "code": code}))
    for size in SIZES:
        folder = parent / f"limited-{size}"
        for epoch in (1, 2):
            save(folder, epoch)
        in_a_fork(partial(save_with_limit, folder, size))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
