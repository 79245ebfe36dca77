"""Showing long work: seldom lines, a bar that takes text as it is, or nothing."""

import io
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tellapart.progress import Bars, Lines, Progress, open_progress


class Clock:
    """Is a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


STEPS = st.lists(st.tuples(st.integers(0, 40), st.floats(0, 8)), max_size=60)


@settings(deadline=None)
@given(STEPS)
def test_lines_of_one_task_lie_a_pause_apart_and_go_up(steps: list[tuple[int, float]]) -> None:
    clock, stream = Clock(), io.StringIO()
    times, shown = [0.0], ""
    with Lines(stream, clock, pause_seconds=10.0).task("Reading", 400) as task:
        for amount, seconds in steps:
            clock.seconds += seconds
            task.advance(amount)
            if stream.getvalue() != shown:
                shown = stream.getvalue()
                times.append(clock.seconds)
    lines = shown.splitlines()
    assert len(lines) == len(times) - 1
    assert all(later - sooner >= 10.0 for sooner, later in itertools.pairwise(times))
    shares = [int(line.removeprefix("Reading: ").removesuffix("%")) for line in lines]
    assert shares == sorted(set(shares))


def test_a_task_says_its_tenths_with_the_note() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock, pause_seconds=10.0).task("Epoch 1/3", 100) as task:
        for note in ["too soon", "first", "same tenth", "loss 0.5"]:
            task.advance(0 if note == "same tenth" else 12, note)
            clock.seconds += 10.0
        task.advance(40)
    assert stream.getvalue() == (
        "Epoch 1/3: 20%, first\nEpoch 1/3: 30%, loss 0.5\nEpoch 1/3: 70%\n"
    )


def test_quick_work_writes_no_line() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock, pause_seconds=10.0).task("Reading", 10) as task:
        for _ in range(10):
            clock.seconds += 0.9
            task.advance()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("total", [None, 0])
def test_work_of_unknown_size_is_not_given_as_a_share(total: int | None) -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock, pause_seconds=10.0).task("Fetching", total) as task:
        clock.seconds = 100.0
        task.advance(5)
    assert stream.getvalue() == ""


def test_of_work_of_unknown_size_the_notes_are_written_seldom() -> None:
    clock, stream = Clock(), io.StringIO()
    with Lines(stream, clock, pause_seconds=10.0).task("Fetching", None) as task:
        for number in range(1, 5):
            clock.seconds += 6.0
            task.advance(5, f"{5 * number} images")
    assert stream.getvalue() == "Fetching: 10 images\nFetching: 20 images\n"


def test_a_remark_is_written_at_once() -> None:
    stream = io.StringIO()
    Lines(stream, Clock()).say("Reading 3 files.")
    assert stream.getvalue() == "Reading 3 files.\n"


def work(progress: Progress) -> None:
    progress.say("[bold]A remark[/bold]")
    with progress.task("[i]Epoch[/i]", 4, "images") as task:
        for _ in range(4):
            task.advance(1, "[b]loss[/b]")


def test_quiet_progress_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    work(open_progress(quiet=True))
    assert capsys.readouterr() == ("", "")


def test_without_a_terminal_plain_lines_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    work(open_progress())
    assert capsys.readouterr() == ("", "[bold]A remark[/bold]\n")


def test_a_bar_shows_brackets_as_they_are() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, color_system=None)
    work(Bars(console))
    shown = stream.getvalue()
    assert "[bold]A remark[/bold]\n" in shown
    assert all(part in shown for part in ["[i]Epoch[/i]", "100%", "images/s", "[b]loss[/b]"])


def test_a_bar_of_unknown_size_can_be_drawn() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, color_system=None)
    with Bars(console).task("Fetching", None) as task:
        task.advance(5)
    assert "Fetching" in stream.getvalue()
