"""The commands of the page about batches are run here, as they stand."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tellapart.__main__ import main
from tellapart.workflow.runs import Run

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "batch.md").read_text("utf-8")
COMMANDS = re.findall(r"`(tellapart predict [^`]*)`", PAGE)


@pytest.fixture
def desk(in_tmp: Path, file_run: Run) -> Path:
    """Work in a folder with the page's run and pictures."""
    shutil.copytree(file_run.path, in_tmp / "runs" / "fashion-mnist-1")
    shutil.copytree(ROOT / "examples" / "pictures", in_tmp / "photos")
    shutil.make_archive("photos", "zip", in_tmp / "photos")
    return in_tmp


def test_the_page_shows_each_option() -> None:
    assert len(COMMANDS) == 4
    for word in ("--format", "--shard", "--output answers.parquet", "--backend onnx"):
        assert word in " ".join(COMMANDS), word
    assert "@@" not in PAGE


@pytest.mark.usefixtures("desk")
def test_the_pages_commands_work_one_after_the_other_and_again() -> None:
    for command in [*COMMANDS, COMMANDS[0]]:
        assert main(shlex.split(command)[1:]) == 0, command
    for name in ("job.json", "summary.json", "answers-00000.csv", "shards/00000.json"):
        assert Path("answers", name).is_file()
    assert Path("answers.parquet").is_file()
