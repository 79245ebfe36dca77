"""The head of a request is bounded before anybody knows who asks."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from serving import Running, serving
from tellapart.serve.gate import Rights
from tellapart.serve.limits import Limits
from tellapart.serve.service import Settings

MOST = 16 * 2**20
"""Bytes that are sent at most; what is read of them without a limit would be all."""


@pytest.fixture(scope="module")
def hasty(served_bundle: Path) -> Iterator[Running]:
    """Return a server that wants a token, and heads within half a second."""
    settings = Settings(Limits(head_seconds=0.5), Rights("0123456789abcdef"))
    with serving({"clothes": served_bundle}, settings) as found:
        yield found


def _open(server: Running) -> socket.socket:
    where = urlsplit(server.url)
    assert where.hostname is not None
    return socket.create_connection((where.hostname, where.port or 0), timeout=30)


def _pour(connection: socket.socket, part: bytes) -> int:
    """Send the same again and again, until the other end is closed; return how much it was."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < MOST:
            connection.sendall(part)
            sent += len(part)
    return sent


def _is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(9) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"GET / HTTP/1.1\r\n", b"X-Number: " + b"1" * 8_000 + b"\r\n"),
        (b"GET / HTTP/1.1\r\nX-Endless: ", b"1" * 8_000),
        (b"GET /", b"a" * 8_000),
    ],
    ids=["headers", "one header", "path"],
)
def test_a_head_without_end_is_not_read_to_the_end(
    hasty: Running, head: bytes, part: bytes
) -> None:
    with _open(hasty) as connection:
        connection.sendall(head)
        assert _pour(connection, part) < MOST
    assert hasty.client.get("healthz").status_code == 200


def _segments_received(connection: socket.socket) -> int:
    """Return how many segments with data have come (`tcpi_data_segs_in`)."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return int.from_bytes(info[152:156], sys.byteorder)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the segments of a connection")
def test_an_answer_comes_in_one_piece(server: Running) -> None:
    with _open(server) as connection:
        for _ in range(50):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head, _, body = connection.recv(65_536).partition(b"\r\n\r\n")
            assert f"content-length: {len(body)}".encode() in head.lower()
            assert body
        assert _segments_received(connection) == 50  # with head and body apart, 100


def test_headers_behind_a_body_in_parts_are_bounded_as_well(server: Running) -> None:
    with _open(server) as connection:
        head = b"POST /v1/predict HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"1\r\nx\r\n0\r\n")
        assert _pour(connection, b"X-Number: " + b"1" * 8_000 + b"\r\n") < MOST


def test_a_large_head_is_told_and_one_below_the_limit_is_read(hasty: Running) -> None:
    assert hasty.client.get("healthz", headers={"X-Much": "1" * 60_000}).status_code == 200
    with _open(hasty) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX-Much: " + b"1" * 66_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_body_in_many_small_parts_is_no_large_head(
    server: Running, pictures: list[bytes]
) -> None:
    parts = (pictures[0][place : place + 1] for place in range(len(pictures[0])))
    assert server.client.post("v1/predict", content=parts).status_code == 200


@pytest.mark.parametrize("said", [b"", b"GET / HTT", b"GET /healthz HTTP/1.1\r\nHost: a\r\n"])
def test_a_connection_on_which_no_request_comes_is_closed(hasty: Running, said: bytes) -> None:
    with _open(hasty) as connection:
        began = time.perf_counter()
        connection.sendall(said)
        assert _is_closed(connection)
        assert 0.4 < time.perf_counter() - began < 10


def test_a_connection_that_is_used_again_is_watched_again(hasty: Running) -> None:
    with _open(hasty) as connection:
        for _ in range(3):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(9_000).startswith(b"HTTP/1.1 200 ")
            time.sleep(0.3)
        connection.sendall(b"\r\n")  # which ends the server's own wait for the next request
        assert _is_closed(connection)
