"""`tellapart predict --output` as real processes: killed, stopped, and gone on with."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tellapart.__main__ import main
from tellapart.data.csv_rows import parse_csv

PICTURES = 6000


@pytest.fixture
def desk(in_tmp: Path, served_bundle: Path, pictures: list[bytes]) -> Path:
    """Work in a folder with a classifier and 200 pictures, and a table that names them often."""
    Path("clothes.tellapart").write_bytes(served_bundle.read_bytes())
    Path("photos").mkdir()
    for number, picture in enumerate(pictures):
        Path(f"photos/{number:03}.png").write_bytes(picture)
    rows = "".join(f"photos/{number % 200:03}.png\n" for number in range(PICTURES))
    Path("list.csv").write_text(f"image\n{rows}", "utf-8")
    return in_tmp


def words(output: str) -> list[str]:
    options = ["--output", output, "--shard", "500", "--backend", "onnx"]
    return ["predict", "clothes.tellapart", "list.csv", *options]


def begin(output: str) -> "subprocess.Popen[str]":
    """Return a process that has written at least one shard, and not all of them."""
    line = [sys.executable, "-m", "tellapart", *words(output)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    first = Path(output, "shards", "00000.json")
    while not first.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    return process


def shards(output: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(Path(output).glob("answers-*"))}


@pytest.mark.usefixtures("desk")
def test_a_killed_job_goes_on_to_the_bytes_of_an_undisturbed_one(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert main(words("whole")) == 0
    for _ in range(2):
        process = begin("killed")
        process.kill()
        process.communicate(timeout=60)
    left = shards("killed")
    assert 0 < len(left) < PICTURES / 500
    assert left.items() <= shards("whole").items()
    capfd.readouterr()
    assert main(words("killed")) == 0
    said = capfd.readouterr()
    assert "pictures are answered there already" in said.err
    assert f"{PICTURES:,} pictures:" in said.out
    assert shards("killed") == shards("whole")
    assert not list(Path("killed").rglob("*.part"))


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_stopped_job_prints_the_command_that_goes_on(
    number: signal.Signals, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    process = begin("out")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, ""), err
    assert "Traceback" not in err
    [again] = re.findall(r"Go on with: tellapart (predict .*)", err)
    assert main([*shlex.split(again), "--json", "--quiet"]) == 0
    summary = json.loads(capfd.readouterr().out)
    assert summary["pictures"] == PICTURES
    assert summary["answered_before"] >= 500


@pytest.mark.usefixtures("desk")
def test_pictures_that_cannot_be_read_end_with_3_once_all_are_answered(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("photos/007.png").write_bytes(b"none")
    line = ["predict", "clothes.tellapart", "photos", "-o", "all.csv", "--backend", "onnx"]
    assert main(line) == 3
    said = capfd.readouterr()
    assert "Not read: 1 unknown-format." in said.out
    assert "Pictures that cannot be read: 1 of 200; see their rows." in said.err
    _, rows = parse_csv(Path("all.csv").read_text("utf-8"), "all.csv")
    assert len(rows) == 200
    assert rows[7].cells[-1] == "unknown-format: no known picture format."


@pytest.mark.usefixtures("desk")
def test_the_answers_in_files_are_those_on_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    line = ["predict", "clothes.tellapart", "photos", "--backend", "onnx", "--quiet"]
    assert main([*line, "--csv"]) == 0
    shown = capfd.readouterr().out
    assert main([*line, "-o", "all.csv"]) == 0
    assert Path("all.csv").read_text("utf-8") == shown


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--csv", "-o", "out"], "Choose one of --csv and --output"),
        (["--shard", "10"], "--format and --shard are for --output"),
        (["-o", "out", "--format", "xml"], "Unknown format 'xml'. Known: csv, jsonl, parquet."),
        (["-o", "a.csv", "--format", "parquet"], "Fix: --format csv"),
    ],
)
def test_options_that_do_not_go_together_end_with_2(
    options: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "clothes.tellapart", "photos", "--backend", "onnx", *options]) == 2
    assert said in capfd.readouterr().err


@pytest.mark.usefixtures("desk")
def test_another_command_on_the_same_folder_ends_with_2(
    capfd: pytest.CaptureFixture[str],
) -> None:
    line = ["predict", "clothes.tellapart", "photos", "-o", "out", "--backend", "onnx", "-q"]
    assert main(line) == 0
    assert main([*line, "--top", "1"]) == 2
    assert "top was 3 and is 1" in capfd.readouterr().err
