"""Standard output that is full or closed, and standard input that is not there."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "tellapart"]
FULL = Path("/dev/full")


def run_in_shell(line: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of which the shell arranges the streams: `"$@" …`."""
    command = ["sh", "-c", line, "sh", *COMMAND, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def asked(served_bundle: Path, pictures: list[bytes], in_tmp: Path) -> list[str]:
    (in_tmp / "a.png").write_bytes(pictures[0])
    return ["predict", str(served_bundle), "a.png", "--quiet", "--backend", "onnx"]


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", [["--csv"], ["--json"], []], ids=["csv", "json", "table"])
@pytest.mark.parametrize("buffered", ["env -u PYTHONUNBUFFERED", "env PYTHONUNBUFFERED=1"])
def test_answers_that_find_no_space_are_one_error(
    form: list[str], buffered: str, asked: list[str]
) -> None:
    done = run_in_shell(f'{buffered} "$@" > {FULL}', *asked, *form)
    assert (done.returncode, done.stderr) == (
        2,
        "error: Cannot write to standard output: No space left on device. "
        "Free some space there, or send it to another place.\n",
    )


@pytest.mark.parametrize("form", [["--csv"], ["--json"], []], ids=["csv", "json", "table"])
def test_a_closed_output_is_one_error(form: list[str], asked: list[str]) -> None:
    done = run_in_shell('"$@" >&-', *asked, *form)
    assert done.stderr == "error: Cannot write to standard output: it is closed.\n"
    assert done.returncode == 2


def test_a_reader_that_has_gone_is_no_error_to_speak_of(asked: list[str]) -> None:
    done = run_in_shell('env -u PYTHONUNBUFFERED "$@" | true', *asked, "--json")
    assert done.stderr == ""


@pytest.mark.parametrize("verb", ["predict", "explain"])
@pytest.mark.parametrize(
    ("stream", "said"), [("<&-", "it is closed"), ("0>there", "Bad file descriptor")]
)
def test_a_standard_input_that_cannot_be_read_is_one_error(
    stream: str, said: str, verb: str, asked: list[str]
) -> None:
    done = run_in_shell(f'"$@" {stream}', verb, asked[1], "-", "--quiet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: Cannot read the picture '-' from standard input: {said}. "
        "Fix: cat shirt.png | tellapart …\n"
    )
