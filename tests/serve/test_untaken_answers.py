"""Whoever takes no answers holds neither a place nor a connection for long."""

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from serving import Running, serving
from tellapart.serve.gate import Rights
from tellapart.serve.limits import Limits
from tellapart.serve.service import Settings

TOKEN = "0123456789abcdef"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


def _serving(bundle: Path, answer_seconds: float) -> contextlib.AbstractContextManager[Running]:
    limits = Limits(requests=2, answer_seconds=answer_seconds)
    return serving({"clothes": bundle}, Settings(limits, Rights(TOKEN)))


def _ask_without_reading(server: Running, path: str, headers: str = "") -> socket.socket:
    """Ask the same again and again until no more is read, and take no answer."""
    where = urlsplit(server.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((where.hostname or "", where.port or 0))
    connection.settimeout(0.5)
    with contextlib.suppress(TimeoutError, ConnectionError):
        for _ in range(30 if path == "/openapi.json" else 500):
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode() * 50)
    return connection


def _is_reset(connection: socket.socket) -> bool:
    """Wait for a connection to be cut off, without taking anything from it."""
    watched = select.poll()
    watched.register(connection, 0)  # errors and the end are told in any case
    return bool(watched.poll(30_000))


@pytest.fixture(scope="module")
def patient(served_bundle: Path) -> Iterator[Running]:
    """Return a server with two places that waits long for its answers to be taken."""
    with _serving(served_bundle, 20.0) as found:
        yield found


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/models"])
def test_who_has_no_token_and_takes_no_answers_holds_no_place(patient: Running, path: str) -> None:
    with contextlib.ExitStack() as opened:
        for _ in range(3):
            opened.enter_context(_ask_without_reading(patient, path))
        end = time.monotonic() + 3  # by which their buffers are full
        while time.monotonic() < end:
            assert patient.client.get("v1/models", headers=RIGHT).status_code == 200
            time.sleep(0.1)


def test_requests_behind_one_another_are_not_read_without_end(patient: Running) -> None:
    where, sent = urlsplit(patient.url), 0
    with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
        connection.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            while sent < 64 * 2**20:
                sent += connection.send(b"GET /docs HTTP/1.1\r\nHost: a\r\n\r\n" * 2_000)
    assert sent < 64 * 2**20


def test_a_connection_that_takes_no_answers_is_ended_and_its_place_is_free(
    served_bundle: Path,
) -> None:
    with _serving(served_bundle, 1.5) as server, contextlib.ExitStack() as opened:
        headers = f"Authorization: {RIGHT['Authorization']}\r\n"
        held = [
            opened.enter_context(_ask_without_reading(server, "/v1/models/clothes", headers))
            for _ in range(2)
        ]
        assert all(_is_reset(connection) for connection in held)
        assert server.client.get("v1/models", headers=RIGHT).status_code == 200
        assert server.said == []


def test_a_connection_that_takes_its_answers_slowly_goes_on(served_bundle: Path) -> None:
    with _serving(served_bundle, 0.5) as server:
        where, taken = urlsplit(server.url), 0
        with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
            connection.settimeout(10)
            connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 300)
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                taken += len(connection.recv(65_536))
                time.sleep(0.01)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            last = b""
            while more := connection.recv(65_536):
                last = last[-1_000:] + more
        assert b"connection: close" in last


def test_a_connection_that_closes_waits_only_so_long_for_its_last_answer_to_be_taken(
    served_bundle: Path,
) -> None:
    began = time.monotonic()
    with _serving(served_bundle, 1.0) as server:
        held = _ask_without_reading(server, "/openapi.json")
    with held:  # the server has stopped: it waited for the end of each connection
        assert time.monotonic() - began < 20
