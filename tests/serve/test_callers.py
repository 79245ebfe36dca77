"""Whoever hangs up before the answer is there costs no further work, and leaves nothing behind."""

import gc
import io
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from serving import Running, serving
from tellapart.bundle import open_bundle
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import Answers, Runtime, open_keras
from tellapart.serve.served import THREADS

GONE = 5


class Gated(Runtime):
    """Executes a network when the gate is open, and counts the pictures that it was given."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self.gate, self.given = runtime, threading.Event(), 0
        self.gate.set()

    @override
    def answers(self, pixels: Any) -> Answers:
        self.given += len(pixels)
        assert self.gate.wait(60)
        return self._runtime.answers(pixels)

    @override
    def probabilities(self, pixels: Any) -> np.ndarray:
        return self._runtime.probabilities(pixels)


@pytest.fixture
def gated(served_bundle: Path) -> Iterator[tuple[Running, Gated]]:
    """Return a server, and what it answers with, closed."""
    opened: list[Gated] = []

    def open_gated(path: Path) -> Predictor:
        bundle = open_bundle(path)
        opened.append(Gated(open_keras(bundle)))
        return Predictor(bundle, opened[-1])

    with serving({"clothes": served_bundle}, opener=open_gated) as server:
        opened[-1].gate.clear()
        opened[-1].given = 0
        try:
            yield server, opened[-1]
        finally:
            opened[-1].gate.set()


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def _send(server: Running, content: bytes, behind: bytes = b"") -> socket.socket:
    """Send a whole request, and what is behind it, over a connection that is left open."""
    where = urlsplit(server.url)
    head = f"POST /v1/predict HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(content)}"
    connection = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
    connection.sendall(f"{head}\r\n\r\n".encode() + content + behind)
    return connection


def _number(server: Running, line: str) -> float:
    """Return what `/metrics` has behind a name."""
    lines = server.client.get("metrics").text.splitlines()
    return next((float(each.rpartition(" ")[2]) for each in lines if each.startswith(line)), 0.0)


def _png(side: int) -> bytes:
    """Return a picture of noise, which is about as large as its pixels are many."""
    content = io.BytesIO()
    noise = np.random.default_rng(side).integers(0, 256, (side, side), np.uint8)
    Image.fromarray(noise).save(content, "PNG")
    return content.getvalue()


def _hung_up(server: Running, path: str) -> float:
    name = "tellapart_requests_total"
    method = "GET" if path == "/healthz" else "POST"
    return _number(server, f'{name}{{method="{method}",path="{path}",status="499"}}')


@pytest.mark.parametrize(("side", "busy"), [(28, 1), (440, THREADS)], ids=["light", "heavy"])
def test_pictures_of_those_who_hung_up_are_not_answered(
    gated: tuple[Running, Gated], side: int, busy: int
) -> None:
    server, work = gated
    picture = _png(side)
    with ThreadPoolExecutor(busy) as threads:
        for number in range(busy):  # one after the other, or one thread would take both
            threads.submit(server.client.post, "v1/predict", content=picture)
            _until(lambda number=number: work.given == number + 1)  # type: ignore[misc]
        connections = [_send(server, picture) for _ in range(GONE)]
        _until(lambda: _number(server, "tellapart_waiting_images") == GONE)
        for connection in connections:
            connection.close()
        _until(lambda: _hung_up(server, "/v1/predict") == GONE)
        assert _number(server, "tellapart_waiting_images") == 0  # their places are free
        work.gate.set()
    assert server.client.post("v1/predict", content=picture).status_code == 200
    assert work.given == busy + 1
    assert server.said == []


def test_who_hangs_up_with_another_request_behind_ends_the_first_without_a_word(
    gated: tuple[Running, Gated], pictures: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    server, work = gated
    logging.getLogger("uvicorn.error").addHandler(caplog.handler)
    try:
        second = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with _send(server, pictures[0], second):
            _until(lambda: work.given == 1)
        _until(lambda: _hung_up(server, "/v1/predict") == 1)
        work.gate.set()
        assert server.client.post("v1/predict", content=pictures[1]).status_code == 200
        gc.collect()  # where errors of tasks that nobody asked for are told
    finally:
        logging.getLogger("uvicorn.error").removeHandler(caplog.handler)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert server.said == []
