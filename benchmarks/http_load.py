"""A client that costs little: HTTP/1.1 over kept connections, closed or open loop."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np


@dataclass
class Load:
    """Is what became of some requests.

    Attributes:
        seconds: From the first to the last of them.
        latencies: `status -> seconds` of each answer; in an open loop from when it was due.
    """

    seconds: float = 0.0
    latencies: dict[int, list[float]] = field(default_factory=dict)

    def figures(self, pictures: int = 1) -> dict[str, object]:
        """Return throughput, percentiles in milliseconds, and how often which status came.

        Args:
            pictures: In each request.
        """
        good = self.latencies.get(200, [])
        refused = self.latencies.get(503, [])
        return {
            "pictures_per_second": round(len(good) * pictures / self.seconds, 1),
            "milliseconds": _percentiles(good),
            "refusal_milliseconds": _percentiles(refused),
            "statuses": {status: len(found) for status, found in self.latencies.items()},
        }


def run_closed(url: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Ask from some connections at once, each again as soon as it is answered."""

    async def ask(load: Load, place: int, until: float) -> None:
        stream = await _connect(url)
        number = place
        while time.perf_counter() < until:
            began = time.perf_counter()
            status = await _ask(*stream, _head(url) + _sized(bodies[number % len(bodies)]))
            load.latencies.setdefault(status, []).append(time.perf_counter() - began)
            number += connections
        stream[1].close()

    async def run() -> Load:
        load, began = Load(), time.perf_counter()
        await asyncio.gather(*(ask(load, n, began + seconds) for n in range(connections)))
        load.seconds = time.perf_counter() - began
        return load

    return asyncio.run(run())


def run_open(url: str, bodies: Sequence[bytes], rate: float, seconds: float) -> Load:
    """Ask at a steady rate, whether answers are there or not; time counts from when one is due."""

    async def ask(load: Load, due: float, number: int, idle: list[_Stream]) -> None:
        request = _head(url) + _sized(bodies[number % len(bodies)])
        is_used = bool(idle)
        stream = idle.pop() if idle else await _connect(url)
        try:
            status = await _ask(*stream, request)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            if not is_used or (isinstance(error, asyncio.IncompleteReadError) and error.partial):
                raise
            stream = await _connect(url)  # the old one had been idle for too long
            status = await _ask(*stream, request)
        load.latencies.setdefault(status, []).append(time.perf_counter() - due)
        idle.append(stream)

    async def run() -> Load:
        load, idle, began = Load(), list[_Stream](), time.perf_counter()
        asked = []
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.append(asyncio.create_task(ask(load, due, number, idle)))
        await asyncio.gather(*asked)
        load.seconds = time.perf_counter() - began
        for _, writer in idle:
            writer.close()
        return load

    return asyncio.run(run())


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connect(url: str) -> _Stream:
    where = urlsplit(url)
    return await asyncio.open_connection(where.hostname, where.port, limit=1 << 24)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Send a request, read the answer to its end, and return the status."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(line for line in lines if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))
    return int(head.split(b" ", 2)[1])


def _head(url: str) -> bytes:
    where = urlsplit(url)
    return f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\n".encode()


def _sized(body: bytes) -> bytes:
    kind = b"Content-Type: application/octet-stream\r\n"
    if body.startswith(b"--"):
        kind = b"Content-Type: multipart/form-data; boundary=pictures\r\n"
    return kind + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def to_form(pictures: Sequence[bytes]) -> bytes:
    """Return pictures as the body of one form."""
    head = '--pictures\r\nContent-Disposition: form-data; name="images"; filename="{}.png"\r\n\r\n'
    parts = (head.format(n).encode() + raw + b"\r\n" for n, raw in enumerate(pictures))
    return b"".join(parts) + b"--pictures--\r\n"


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    if not seconds:
        return {}
    values = 1000 * np.percentile(seconds, [50, 95, 99, 100])
    names = ("median", "p95", "p99", "max")
    return {name: round(float(v), 2) for name, v in zip(names, values, strict=True)}
