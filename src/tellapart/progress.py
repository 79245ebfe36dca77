"""How long work shows itself: a bar in a terminal, plain lines elsewhere, or nothing.

The library says what it does through a `Progress`; only the classes here know where
that goes. Everything goes to stderr, except in a notebook, where stderr is red.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TextIO

from typing_extensions import override


class Task(Protocol):
    """Is one piece of work under way."""

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Say that `amount` more is done; `note` replaces the remark beside the bar."""


class Progress(Protocol):
    """Is where long work tells what it does."""

    def say(self, line: str) -> None:
        """Show one remark."""

    def task(
        self, title: str, total: int | None, unit: str = ""
    ) -> contextlib.AbstractContextManager[Task]:
        """Show work of `total` units, `None` where nobody knows, until the block ends."""


class Silence(Progress, Task):
    """Shows nothing."""

    @override
    def say(self, line: str) -> None:
        pass

    @override
    def advance(self, amount: int = 1, note: str = "") -> None:
        pass

    @override
    @contextlib.contextmanager
    def task(self, title: str, total: int | None, unit: str = "") -> Iterator[Task]:
        yield self


SILENCE = Silence()


class Lines(Progress):
    """Writes plain lines: remarks as they come, and work at every tenth, seldom.

    Of work whose size nobody knows, its notes are written.

    Args:
        stream: Where the lines go.
        clock: Seconds that only ever grow.
        pause_seconds: The shortest time between two lines of one task.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        pause_seconds: float = 10.0,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._pause_seconds = pause_seconds

    @override
    def say(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()

    @override
    @contextlib.contextmanager
    def task(self, title: str, total: int | None, unit: str = "") -> Iterator[Task]:
        yield _LineTask(self.say, title, total, self._clock, self._pause_seconds)


class _LineTask(Task):
    """Says how far one piece of work is, at most once in `pause_seconds`."""

    def __init__(
        self,
        say: Callable[[str], None],
        title: str,
        total: int | None,
        clock: Callable[[], float],
        pause_seconds: float,
    ) -> None:
        self._say, self._title, self._total = say, title, total
        self._clock, self._pause_seconds = clock, pause_seconds
        self._done, self._said_tenth = 0, 0
        self._said_at = clock()

    @override
    def advance(self, amount: int = 1, note: str = "") -> None:
        self._done += amount
        if self._clock() - self._said_at < self._pause_seconds:
            return
        if not self._total:
            if note:
                self._said_at = self._clock()
                self._say(f"{self._title}: {note}")
            return
        tenth = 10 * self._done // self._total
        if tenth > self._said_tenth:
            self._said_tenth, self._said_at = tenth, self._clock()
            self._say(f"{self._title}: {10 * tenth}%" + (f", {note}" if note else ""))


class Bars(Progress):
    """Draws bars in a terminal, remarks above them."""

    def __init__(self, console: Any) -> None:
        self._console = console

    @override
    def say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    @override
    @contextlib.contextmanager
    def task(self, title: str, total: int | None, unit: str = "") -> Iterator[Task]:
        from rich import progress

        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=24),
            progress.TaskProgressColumn(),
            _rate_column(unit),
            progress.TimeRemainingColumn(compact=True),
            progress.TextColumn("{task.fields[note]}", markup=False),
        )
        with progress.Progress(*columns, console=self._console, transient=True) as bars:
            number = bars.add_task(title, total=total, note="")
            yield _BarTask(bars, number)


class _BarTask(Task):
    def __init__(self, bars: Any, number: Any) -> None:
        self._bars, self._number = bars, number

    @override
    def advance(self, amount: int = 1, note: str = "") -> None:
        fields = {"note": note} if note else {}
        self._bars.update(self._number, advance=amount, **fields)


def _rate_column(unit: str) -> Any:
    """Return a column that shows units per second, such as `1,640 images/s`."""
    from rich import progress, text

    class RateColumn(progress.ProgressColumn):
        @override
        def render(self, task: progress.Task) -> text.Text:
            known = unit and task.speed is not None
            return text.Text(f"{task.speed:,.0f} {unit}/s" if known else "")

    return RateColumn()


def open_progress(*, quiet: bool = False) -> Progress:
    """Return the way of showing work that fits where the process runs.

    Args:
        quiet: Show nothing at all.
    """
    if quiet:
        return SILENCE
    if in_notebook():
        return Lines(sys.stdout)
    if not sys.stderr.isatty():
        return Lines(sys.stderr)
    from rich.console import Console

    return Bars(Console(stderr=True))


def in_notebook() -> bool:
    """Return whether this process is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and type(shell).__name__ == "ZMQInteractiveShell"
