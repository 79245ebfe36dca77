"""What is too much is refused at once, while it comes, and nothing is left without an answer."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from serving import Running, serving
from tellapart.serve.limits import Limits
from tellapart.serve.service import Settings

LIMITS = Limits(
    body_bytes=100_000, images=8, numbers=10_000, waiting=16, body_seconds=1.0, held_bytes=300_000
)


@pytest.fixture(scope="module")
def small(served_bundle: Path) -> Iterator[Running]:
    """Return a server that takes little."""
    with serving({"clothes": served_bundle}, Settings(limits=LIMITS)) as found:
        yield found


def _raw(server: Running, head: str) -> socket.socket:
    """Return a connection over which a request has begun."""
    where = urlsplit(server.url)
    assert where.hostname is not None
    connection = socket.create_connection((where.hostname, where.port or 0), timeout=30)
    connection.sendall(f"{head}\r\nHost: {where.netloc}\r\n\r\n".encode())
    return connection


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(small: Running) -> None:
    with _raw(small, "POST /v1/predict HTTP/1.1\r\nContent-Length: 100001") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_becomes_too_large_is_refused_while_it_comes(small: Running) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(300):
            yield b"x" * 1_000

    response = small.client.post("v1/predict", content=parts())
    assert response.status_code == 413
    assert "100,000 bytes" in response.json()["detail"]


def test_a_body_that_comes_too_slowly_is_refused(small: Running) -> None:
    began = time.perf_counter()
    with _raw(small, "POST /v1/predict HTTP/1.1\r\nContent-Length: 99") as connection:
        connection.sendall(b"x")
        answer = connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer.lower()
    assert 1.0 <= time.perf_counter() - began < 20


def test_a_client_that_goes_away_leaves_the_server_as_it_was(
    small: Running, pictures: list[bytes]
) -> None:
    for _ in range(3):
        with _raw(small, "POST /v1/predict HTTP/1.1\r\nContent-Length: 99999") as connection:
            connection.sendall(b"x" * 60_000)

    def is_answered() -> bool:
        time.sleep(0.1)
        return small.client.post("v1/predict", content=pictures[0]).status_code == 200

    assert any(is_answered() for _ in range(50))  # what they had sent is given back
    assert small.said == []


def test_too_many_pictures_and_too_many_numbers_are_refused(
    small: Running, pictures: list[bytes]
) -> None:
    form = [("images", (f"{n}.png", file)) for n, file in enumerate(pictures[:9])]
    assert small.client.post("v1/predict", files=form).status_code == 413
    json = {"images": [{"data": "AAAA"}] * 9}
    assert small.client.post("v1/predict", json=json).status_code == 413
    kind = {"content-type": "application/json"}
    many = b'{"images": [' + b"0," * (4 * 8 * 255 + 1) + b"0]}"  # more than any names have
    assert small.client.post("v1/predict", content=many, headers=kind).status_code == 413
    response = small.client.post("v2/models/clothes/infer", json={"inputs": [0] * 10_002})
    assert response.status_code == 413
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize(
    "costly",
    ["[" * 30 + "]" * 30, "{}", '{"a": 0}'],
    ids=["lists in lists", "objects", "names"],
)
def test_what_costs_more_to_read_than_numbers_do_counts_for_more(
    small: Running, costly: str
) -> None:
    body = '{"inputs": [' + ",".join([costly] * 2_600) + "]}"
    kind = {"content-type": "application/json"}
    for path in ("v1/predict", "v2/models/clothes/infer"):
        response = small.client.post(path, content=body[: LIMITS.body_bytes], headers=kind)
        assert response.status_code == 413


def test_a_body_that_finds_no_room_is_refused_before_it_comes(small: Running) -> None:
    head = "POST /v1/predict HTTP/1.1\r\nContent-Length: 100000"
    waiting = [_raw(small, head) for _ in range(3)]
    time.sleep(0.2)
    with _raw(small, head) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 503 ")
    for connection in waiting:
        connection.close()


def test_over_capacity_some_are_refused_and_nobody_is_left_without_an_answer(
    small: Running, pictures: list[bytes]
) -> None:
    form = [("images", (f"{n}.png", file)) for n, file in enumerate(pictures[:8])]

    def ask(_: int) -> httpx.Response:
        return small.client.post("v1/predict", files=form)

    with ThreadPoolExecutor(40) as threads:
        found = list(threads.map(ask, range(200)))
    assert {response.status_code for response in found} == {200, 503}
    refused = [response for response in found if response.status_code == 503]
    assert all(int(response.headers["retry-after"]) >= 1 for response in refused)
    assert small.client.post("v1/predict", files=form).status_code == 200


def test_bodies_of_all_requests_together_are_bounded(small: Running, pictures: list[bytes]) -> None:
    head = "POST /v1/predict HTTP/1.1\r\nContent-Length: 100000"
    waiting = [_raw(small, head) for _ in range(3)]
    for connection in waiting:
        connection.sendall(b"x" * 99_990)
    time.sleep(0.2)
    response = small.client.post("v1/predict", content=pictures[0])
    for connection in waiting:
        connection.close()
    assert response.status_code == 503
    assert "bytes of pictures" in response.json()["detail"]
