"""The limit on the head of a request holds however much of it comes in one go."""

import socket
from urllib.parse import urlsplit

import pytest

from serving import Running


def _status(server: Running, head: bytes) -> bytes:
    """Send a request in one go; return the first line of what is answered."""
    where = urlsplit(server.url)
    with socket.create_connection(
        (where.hostname or "", where.port or 0), timeout=30
    ) as connection:
        connection.sendall(head)
        try:
            return connection.recv(12)
        except ConnectionError:  # closed while more of it was on its way
            return b""


@pytest.mark.parametrize("size", [66_000, 70_000, 120_000])
@pytest.mark.parametrize("kind", ["one", "many", "path"])
def test_a_head_above_the_limit_is_refused_though_it_comes_whole(
    server: Running, kind: str, size: int
) -> None:
    field = {
        "one": b"X-Much: " + b"1" * size + b"\r\n",
        "many": b"".join(b"x%d:1\r\n" % number for number in range(size // 8)),
        "path": b"",
    }[kind]
    path = b"/healthz?" + b"a" * size if kind == "path" else b"/healthz"
    head = b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + field + b"\r\n"
    answer = _status(server, head)
    assert answer in (b"HTTP/1.1 400", b"")
    assert server.client.get("healthz").status_code == 200


def test_many_requests_below_the_limit_in_one_go_are_no_large_head(server: Running) -> None:
    where, answer = urlsplit(server.url), b""
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Much: " + b"1" * 30_000 + b"\r\n"
    with socket.create_connection(
        (where.hostname or "", where.port or 0), timeout=30
    ) as connection:
        connection.sendall((one + b"\r\n") * 3 + one + b"Connection: close\r\n\r\n")
        while more := connection.recv(65_536):
            answer += more
    assert answer.count(b"HTTP/1.1 200 ") == 4
