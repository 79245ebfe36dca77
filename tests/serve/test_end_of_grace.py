"""A server whose last requests took too long says so when it stops."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from tellapart.serve.gate import Gate, Rights
from tellapart.serve.limits import Limits
from tellapart.serve.pressure import Pressure
from tellapart.serve.server import address_of, make_server, open_socket, run_server

LIMITS = Limits(body_seconds=0.2, answer_seconds=0.3)


async def _answer_late(scope: Scope, receive: Receive, send: Send) -> None:
    """Take a minute for each answer, except to `/soon`."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    await asyncio.sleep(0.5 if scope["path"] == "/soon" else 60)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def _stop_while_asked(paths: list[str]) -> tuple[list[str], list[bytes], float]:
    """Stop a server that has begun to answer; return what it said, its answers, and seconds."""
    said: list[str] = []
    app = Gate(_answer_late, Rights(), Pressure(LIMITS), lambda *_: None, said.append)
    server, bound = make_server(app, LIMITS), open_socket("127.0.0.1", 0)
    bound.listen()
    where = urlsplit(address_of(bound))
    thread = threading.Thread(target=run_server, args=(server, bound, said.append))
    thread.start()
    answers = []
    connections = [
        socket.create_connection((where.hostname or "", where.port or 0), timeout=30) for _ in paths
    ]
    for connection, path in zip(connections, paths, strict=True):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    time.sleep(0.3)
    began = time.monotonic()
    server.should_exit = True
    for connection in connections:
        with connection, suppress(ConnectionError):
            answers.append(connection.recv(12))
    thread.join(30)
    assert not thread.is_alive()
    return said, answers, time.monotonic() - began


def test_requests_that_take_too_long_at_the_end_are_counted_and_ended_without_a_traceback(
    capfd: pytest.CaptureFixture[str],
) -> None:
    said, answers, seconds = _stop_while_asked(["/soon", "/late", "/late"])
    assert answers[0] == b"HTTP/1.1 204"
    assert b"HTTP" not in b"".join(answers[1:])
    assert said == ["Stopped; ended without an answer, since they took too long: 2 requests."]
    assert 1.4 < seconds < 10
    written = "".join(capfd.readouterr())
    assert "Traceback" not in written
    assert "Cancel" not in written


def test_a_server_that_answered_everything_says_that() -> None:
    said, answers, _ = _stop_while_asked(["/soon"])
    assert answers == [b"HTTP/1.1 204"]
    assert said == ["Stopped; every request that was accepted is answered."]
