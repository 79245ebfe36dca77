"""Requests that are none, or say things that the server does not speak, are told so."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from serving import Running


def _answer(server: Running, request: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Send bytes; return the first line, the headers and the body of what is answered."""
    where, found = urlsplit(server.url), b""
    with socket.create_connection(
        (where.hostname or "", where.port or 0), timeout=30
    ) as connection:
        connection.sendall(request)
        while more := connection.recv(65_536):
            found += more
    head, _, body = found.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    named = (line.decode().lower().partition(": ") for line in lines)
    return first, {name: value for name, _, value in named}, body


@pytest.mark.parametrize(
    "request_",
    [
        b"garbage\r\n\r\n",
        b"FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        b"Content-Length: 2\r\n\r\nab",
    ],
)
def test_what_is_no_request_is_refused_as_a_problem_with_a_number(
    server: Running, request_: bytes
) -> None:
    first, headers, body = _answer(server, request_)
    assert first.startswith(b"HTTP/1.1 400 ")
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["request_id"] == headers["x-request-id"]


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [("1.1", 0, 400), ("1.1", 2, 400), ("1.0", 2, 400), ("1.1", 1, 200), ("1.0", 0, 200)],
)
def test_a_request_names_the_server_once(
    server: Running, version: str, hosts: int, status: int
) -> None:
    names = "Host: localhost\r\n" * hosts
    request = f"GET /healthz HTTP/{version}\r\n{names}Connection: close\r\n\r\n"
    first, _, _ = _answer(server, request.encode())
    assert first.split()[1] == str(status).encode()


def test_a_compressed_body_is_refused_by_its_name(server: Running, pictures: list[bytes]) -> None:
    headers = {"content-encoding": "gzip"}
    for path in ("v1/predict", "v1/explain", "v2/models/clothes/infer"):
        response = server.client.post(path, content=pictures[0], headers=headers)
        assert response.status_code == 415
        assert "gzip" in response.text


def test_binary_tensors_are_refused_by_their_name(server: Running) -> None:
    headers = {"Inference-Header-Content-Length": "40", "content-type": "application/octet-stream"}
    response = server.client.post("v2/models/clothes/infer", content=b"{}00", headers=headers)
    assert response.status_code == 400
    assert "binary_data=False" in response.json()["error"]


def test_wishes_that_exclude_each_other_are_refused_in_words_of_the_interface(
    server: Running, pictures: list[bytes]
) -> None:
    wishes = {"risk": 0.1, "always_answer": True}
    response = server.client.post("v1/predict", content=pictures[0], params=wishes)
    assert response.status_code == 400
    assert "exclude each other" in response.text
    assert "--" not in response.text
