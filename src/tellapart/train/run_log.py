"""The log of a run: everything that was said, in its folder."""

from contextlib import AbstractContextManager
from pathlib import Path

from typing_extensions import override

from tellapart.files import write_whole
from tellapart.progress import Progress, Task


class RunLog(Progress):
    """Passes everything on to another `Progress` and keeps what was said in the run's log.

    Args:
        progress: Where it shows.
        path: The log; lines that are there already are kept.
    """

    def __init__(self, progress: Progress, path: Path) -> None:
        self._progress, self._path = progress, path
        self._text = path.read_text("utf-8") if path.is_file() else ""

    @override
    def say(self, line: str, *, only_log: bool = False) -> None:
        if not only_log:
            self._progress.say(line)
        self._text += f"{line}\n"
        write_whole(self._path, self._text)

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> AbstractContextManager[Task]:
        return self._progress.task(title, total, unit)
