"""A request that offers another protocol is answered as it stands (RFC 9110, 7.8)."""

import socket
import time
from urllib.parse import urlsplit

import pytest

from serving import Running

OFFER = (
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
)


def _ask(server: Running, parts: list[bytes], pause: float = 0.05) -> bytes:
    """Send parts one after the other, the last of which asks for an end; return all answers."""
    where, answer = urlsplit(server.url), b""
    with socket.create_connection(
        (where.hostname or "", where.port or 0), timeout=30
    ) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        while more := connection.recv(65_536):
            answer += more
    return answer


def _head(server: Running, line: str, headers: str) -> bytes:
    return f"{line} HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\n{headers}\r\n".encode()


def _last(server: Running) -> bytes:
    return _head(server, "GET /healthz", "Connection: close\r\n")


@pytest.mark.parametrize("is_apart", [False, True], ids=["in one packet", "in two"])
def test_a_picture_that_comes_with_an_offer_to_upgrade_is_answered(
    server: Running, pictures: list[bytes], is_apart: bool
) -> None:
    picture = pictures[0]
    head = _head(server, "POST /v1/predict", f"{OFFER}Content-Length: {len(picture)}\r\n")
    parts = [head, picture] if is_apart else [head + picture]
    answer = _ask(server, [*parts, _last(server)])
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"predictions"' in answer
    assert answer.count(b"HTTP/1.1 200 ") == 2  # the connection is still in step


def test_a_picture_in_parts_with_an_offer_is_answered_however_it_is_cut(
    server: Running, pictures: list[bytes]
) -> None:
    picture = pictures[0]
    head = _head(server, "POST /v1/predict", f"{OFFER}Transfer-Encoding: chunked\r\n")
    whole = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(picture), picture)
    cut = [whole[place : place + 7] for place in range(0, len(whole), 7)]
    answer = _ask(server, [*cut, _last(server)], pause=0)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert b'"predictions"' in answer


def test_requests_behind_one_another_with_offers_are_all_answered_in_their_order(
    server: Running, pictures: list[bytes]
) -> None:
    length = f"Content-Length: {len(pictures[0])}\r\n"
    post = _head(server, "POST /v1/predict", OFFER + length) + pictures[0]
    get = _head(server, "GET /healthz", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
    answer = _ask(server, [get + post + get + post + _last(server)])
    assert answer.count(b"HTTP/1.1 200 ") == 5
    assert answer.count(b'"predictions"') == 2
    assert answer.index(b'"predictions"') > answer.index(b"\r\n\r\n")


def test_an_offer_of_one_who_closes_is_read_with_its_body(
    server: Running, pictures: list[bytes]
) -> None:
    headers = (
        f"Connection: close, Upgrade\r\nUpgrade: h2c\r\nContent-Length: {len(pictures[0])}\r\n"
    )
    answer = _ask(server, [_head(server, "POST /v1/predict", headers), pictures[0]])
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_tunnel_to_elsewhere_is_refused(server: Running) -> None:
    answer = _ask(server, [b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n"])
    assert answer.startswith(b"HTTP/1.1 400 ")
