"""The command in a process of its own: what it loads, what it says, how it ends."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from serving import command
from tellapart.__main__ import main
from tellapart.errors import UsageError
from tellapart.workflow.serve import name_models

HEAVY = ("keras", "tensorflow", "jax", "torch", "scipy", "sklearn", "matplotlib", "jinja2")


def test_importing_the_server_loads_no_framework_and_nothing_heavy() -> None:
    code = (
        "import tellapart.serve.service, tellapart.serve.server, tellapart.workflow.serve, sys;"
        f"print(*(m for m in {HEAVY} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.fixture(scope="module")
def process(served_bundle: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Return the command as it runs, and its address."""
    with command([str(served_bundle)]) as found:
        yield found


def test_a_signal_ends_it_when_every_accepted_request_is_answered(
    process: tuple[subprocess.Popen[str], str], pictures: list[bytes]
) -> None:
    running, url = process
    form = [("images", (f"{n}.png", file)) for n, file in enumerate(pictures[:50])]
    assert httpx.post(f"{url}v1/predict", files=form[:2], timeout=60).status_code == 200
    begun, answers = threading.Barrier(9), list[httpx.Response]()

    def ask() -> None:
        request = httpx.Request("POST", f"{url}v1/predict", files=form)
        body = request.read()

        def parts() -> Iterator[bytes]:
            yield body[:1000]
            begun.wait(30)
            time.sleep(0.5)  # meanwhile the signal is heard
            yield body[1000:]

        headers = {"content-type": request.headers["content-type"]}
        answers.append(httpx.post(f"{url}v1/predict", content=parts(), headers=headers, timeout=60))

    asking = [threading.Thread(target=ask) for _ in range(8)]
    for thread in asking:
        thread.start()
    begun.wait(30)
    running.send_signal(signal.SIGTERM)
    for thread in asking:
        thread.join(60)
    accepted = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 503]  # on a busy machine
    assert len(accepted) + len(refused) == 8
    assert accepted
    assert all(len(answer.json()["predictions"]) == 50 for answer in accepted)
    assert running.wait(60) == 0
    assert running.stderr is not None
    assert "every request that was accepted is answered" in running.stderr.read()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_second_interrupt_ends_it_at_once_and_it_says_what_that_costs(
    served_bundle: Path,
) -> None:
    with command([str(served_bundle)]) as (running, url):
        where = urlsplit(url)
        with socket.create_connection((where.hostname or "", where.port or 0)) as slow:
            head = f"POST /v1/predict HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 9\r\n\r\n"
            slow.sendall(head.encode())
            time.sleep(0.2)
            running.send_signal(signal.SIGINT)
            time.sleep(1.0)
            assert running.poll() is None  # it waits for the body
            running.send_signal(signal.SIGINT)
            running.wait(30)
        assert running.stderr is not None
        assert "Stopped at once" in running.stderr.read()


def test_what_cannot_be_served_is_told_before_anything_is_loaded(
    served_bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TELLAPART_TOKEN", raising=False)
    bundle = str(served_bundle)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for words, said in (
            (["--host", "0.0.0.0"], "needs a token"),
            (["--token", "short"], "at least 16"),
            (["--port", port], "another --port"),
            (["--host", "192.0.2.1", "--token", "0123456789abcdef"], "Cannot serve at 192.0.2.1"),
            ([f"clothes={bundle}"], "must not have one name"),
        ):
            assert main(["serve", bundle, *words]) == 2
            assert said in capsys.readouterr().err


def test_a_bundle_that_cannot_be_served_ends_the_command_with_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tellapart").write_bytes(b"no bundle")
    assert main(["serve", str(tmp_path / "a.tellapart"), "--port", "0"]) == 4
    assert "not a tellapart bundle" in capsys.readouterr().err


def test_classifiers_are_called_as_their_files_or_folders_or_as_one_says() -> None:
    named = name_models(["a/pets.tellapart", "runs/shoes-2/model.tellapart", "x=b/c.tellapart"])
    assert list(named) == ["pets", "shoes-2", "x"]
    assert named["x"] == Path("b/c.tellapart")
    with pytest.raises(UsageError, match="Fix: NAME=my pets.tellapart"):
        name_models(["my pets.tellapart"])
    with pytest.raises(UsageError, match="not at its beginning"):
        name_models(["..=c.tellapart"])  # it would name a folder of unsure pictures
    with pytest.raises(UsageError, match="Name a bundle"):
        name_models([])
