"""The commands of the page about exports are run here, as they stand."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tellapart.__main__ import main
from tellapart.workflow.runs import Run

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "export.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"`(tellapart [a-z][^`]*)`", PAGE)) - {"tellapart export"})
OF_ANOTHER_PROCESS = ("--to saved_model", "--to litert", "--to keras")
"""These start TensorFlow anew: `tests/workflow/test_export.py` runs the commands that end so."""


@pytest.fixture
def desk(in_tmp: Path, file_run: Run) -> Path:
    """Work in a folder with the page's run and picture."""
    shutil.copytree(file_run.path, in_tmp / "runs" / "fashion-mnist-1")
    shutil.copytree(ROOT / "examples" / "pictures", in_tmp / "examples" / "pictures")
    return in_tmp


def test_the_page_shows_each_format_and_option() -> None:
    text = " ".join(COMMANDS)
    for word in ("--to openvino", *OF_ANOTHER_PROCESS, "--any-size", "--int8", "--golden", "-o"):
        assert word in text, word


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "command", [each for each in COMMANDS if not each.endswith(OF_ANOTHER_PROCESS)]
)
def test_the_pages_command_works(command: str) -> None:
    right = {0, 4} if "--int8" in command else {0}  # that is kept only where it is as accurate
    assert main(shlex.split(command)[1:]) in right


@pytest.mark.usefixtures("desk")
def test_the_program_for_porters_runs_as_the_page_says() -> None:
    pair = re.compile(r"^- `(tellapart [^`]*)`, then `python ([^`]*)`$", re.MULTILINE)
    [(export, check)] = pair.findall(PAGE)
    assert main(shlex.split(export)[1:]) == 0
    done = subprocess.run([sys.executable, *check.split()], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
