"""Whoever hangs up before the answer is there costs no further work, and leaves nothing behind."""

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
from typing_extensions import override

from serving import Running, serving
from tellapart.bundle import open_bundle
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import Answers, Runtime, open_keras

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


def _send(server: Running, content: bytes) -> socket.socket:
    """Send a whole request over a connection of its own, which is left open."""
    where = urlsplit(server.url)
    head = f"POST /v1/predict HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(content)}"
    connection = socket.create_connection((where.hostname or "", where.port or 0), timeout=30)
    connection.sendall(f"{head}\r\n\r\n".encode() + content)
    return connection


def _number(server: Running, line: str) -> float:
    """Return what `/metrics` has behind a name."""
    lines = server.client.get("metrics").text.splitlines()
    return next((float(each.rpartition(" ")[2]) for each in lines if each.startswith(line)), 0.0)


def test_pictures_of_those_who_hung_up_are_not_answered(
    gated: tuple[Running, Gated], pictures: list[bytes]
) -> None:
    server, work = gated
    waiting, hung_up = "tellapart_waiting_images", 'tellapart_requests_total{method="POST",path='
    with ThreadPoolExecutor(1) as thread:
        thread.submit(server.client.post, "v1/predict", content=pictures[0])
        _until(lambda: work.given == 1)  # which keeps all others waiting: they are light
        connections = [_send(server, picture) for picture in pictures[:GONE]]
        _until(lambda: _number(server, waiting) == GONE)
        for connection in connections:
            connection.close()
        _until(lambda: _number(server, f'{hung_up}"/v1/predict",status="499"}}') == GONE)
        work.gate.set()
    assert server.client.post("v1/predict", content=pictures[0]).status_code == 200
    assert work.given == 2
    assert server.said == []


def test_who_hangs_up_while_another_request_is_behind_it_ends_both(
    gated: tuple[Running, Gated], pictures: list[bytes]
) -> None:
    server, work = gated
    with _send(server, pictures[0]) as connection:
        _until(lambda: work.given == 1)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.1)
    work.gate.set()
    assert server.client.post("v1/predict", content=pictures[1]).status_code == 200
    assert server.said == []
