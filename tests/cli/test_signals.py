"""A real `tellapart train` process, stopped by real signals and gone on with."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec

COMMAND = [sys.executable, "-m", "tellapart", "train"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_stopped_process_says_how_to_go_on_and_going_on_finishes(
    number: signal.Signals, code: int, slice_of_fashion: Dataset, in_tmp: Path
) -> None:
    train, test = slice_of_fashion.train, slice_of_fashion.test
    np.savez(
        in_tmp / "small.npz",
        x_train=np.tile(train.decode(ImageSpec()).pixels, (4, 1, 1, 1)),
        y_train=np.tile(train.targets, 4),
        x_test=test.decode(ImageSpec()).pixels,
        y_test=test.targets,
    )
    words = [*COMMAND, "small.npz", "--epochs", "6"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    history = in_tmp / "runs" / "small-1" / "history.jsonl"
    deadline = time.monotonic() + 120
    while not history.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert out == ""
    assert "tellapart train --resume runs/small-1" in err
    assert "Traceback" not in err
    assert not list(in_tmp.rglob("*.part"))

    words = [*COMMAND, "--resume", "runs/small-1", "--json", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["run"] == "runs/small-1"
    epochs = [json.loads(line)["epoch"] for line in history.read_text("utf-8").splitlines()]
    assert epochs == [1, 2, 3, 4, 5, 6]
