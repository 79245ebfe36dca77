"""An export that is stopped by SIGTERM leaves nothing, wherever the signal finds it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tellapart.errors import Interrupted
from tellapart.export.placing import beside
from tellapart.interrupts import undone_by_signals


def test_an_export_that_is_stopped_while_it_is_proved_leaves_nothing(
    served_bundle: Path, in_tmp: Path
) -> None:
    words = ["export", str(served_bundle), "-o", "e/k.onnx", "--golden", "e/gold"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tellapart", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if list(in_tmp.glob("e/.export-*/k.onnx")):
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert out == ""
    assert err.endswith("Stopped; nothing unfinished of the export is left.\n")
    assert "Traceback" not in err
    assert list(in_tmp.iterdir()) == []


def test_the_folders_that_were_made_go_and_the_signal_is_as_it_was(tmp_path: Path) -> None:
    with (  # noqa: PT012 - the signal is what is asked about
        pytest.raises(Interrupted) as caught,
        undone_by_signals(str),
        beside(tmp_path / "new" / "a.onnx") as path,
    ):
        path.write_bytes(b"unproved")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert caught.value.exit_code == 143
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
