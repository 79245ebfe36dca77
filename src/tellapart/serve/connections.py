"""One connection: how much of a request's head may come, how slowly, and who is gone."""

import asyncio
from collections import deque
from collections.abc import Sized
from typing import Any, ClassVar, cast

import httptools
from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tellapart.serve.callers import KEY, Caller
from tellapart.serve.limits import Limits
from tellapart.serve.offers import Unmoved
from tellapart.serve.problems import unread_refusal

TOO_LARGE = "The headers are too large."

BEHIND = 16
"""Requests that wait behind one another, above which no more is read from their connection."""


def connections_within(limits: Limits) -> "type[Connection]":
    """Return what a server reads its connections with.

    Args:
        limits: How large the head of a request may be, and how slowly it may come and its
            answer be taken.
    """
    return type("Limited", (Connection,), {"limits": limits})


class Corked:
    """Is a transport that sends what is written in one go together.

    Head and body of an answer are written one after the other; each by itself would wake up
    its receiver, and cost a call of the system, which is a tenth of a small answer's work.

    Args:
        transport: What sends.
        loop: Whose steps are the goes.
        seconds: For which it waits, once it has been hurried, for the receiver to take what is
            written.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float
    ) -> None:
        self._transport, self._loop, self._seconds = transport, loop, seconds
        self._parts: list[bytes] = []
        self._is_lost = False
        self._alarm: asyncio.TimerHandle | None = None

    def write(self, data: bytes) -> None:
        """Send something, with all that is written before the event loop goes on."""
        if self._is_lost:
            return
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)

    def lose(self) -> None:
        """Forget what is written, and what will be: nobody is there to receive it."""
        self._is_lost = True
        self._parts.clear()
        self.calm()

    def close(self) -> None:
        """Send what is written, and close, also where nobody takes it."""
        self._send()
        self._transport.close()
        if not self._is_lost and self._transport.get_write_buffer_size():
            self.hurry()

    def hurry(self) -> None:
        """Wait only so long for what is written to be taken; then the connection ends."""
        if self._alarm is None:
            self._alarm = self._loop.call_later(self._seconds, self._transport.abort)

    def calm(self) -> None:
        """Wait as long as it takes, since the receiver takes what is written, unless it closes."""
        if self._alarm is not None and (self._is_lost or not self._transport.is_closing()):
            self._alarm.cancel()
            self._alarm = None

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        """Return whatever else a transport has."""
        return getattr(self._transport, name)


class Flow(FlowControl):
    """Reads on only where not too many requests wait already; uvicorn would with each answer.

    Args:
        transport: What is read from.
        waiting: The requests that wait for the one before them to be answered.
    """

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    @override
    def resume_reading(self) -> None:
        if len(self._waiting) < BEHIND:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """Reads requests, and closes the connection of one whose head does not end.

    A body has limits of its own (`bodies.py`), but what comes before it is not the
    application's to count: whoever reaches the port could send headers until the memory is
    full, or keep connections open that say nothing, and needs no token for that. Nor does one
    who asks again and again and takes no answer.

    Attributes:
        limits: How large a head may be, and how slowly it may come and its answer be taken.
    """

    limits: ClassVar[Limits] = Limits()
    _open_bytes = 0
    _head_bytes = 0
    _alarm: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._corked = Corked(transport, self.loop, self.limits.answer_seconds)
        super().connection_made(cast("asyncio.Transport", self._corked))
        self.flow = Flow(self.transport, self.pipeline)
        self._caller, self._cycles = Caller(), deque[RequestResponseCycle]()
        self._unmoved = Unmoved(self, self._head_without_offer)
        self.parser = cast("httptools.HttpRequestParser", self._unmoved)
        self._await_head()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._corked.lose()
        for cycle in self._cycles:  # uvicorn itself tells the last of them alone
            cycle.disconnected = not cycle.response_complete
        super().connection_lost(exc)
        self._caller.hang_up()

    @override
    def data_received(self, data: bytes) -> None:
        self._open_bytes += len(data)  # the calls within begin anew where a head or a part ends
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._open_bytes > self.limits.head_bytes:
            self._refuse_head()
        elif self._is_idle() and self._alarm is None:
            self._await_head()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._corked.hurry()

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        self._corked.calm()

    @override
    def send_400_response(self, msg: str) -> None:
        if self._head_bytes > self.limits.head_bytes:
            self._refuse_head()
        else:
            self._refuse(msg)

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self.scope["state"][KEY] = self._caller

    @override
    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + len(b": \r\n"))
        super().on_header(name, value)

    @override
    def on_headers_complete(self) -> None:
        self._open_bytes = 0
        if self._unmoved.is_offered():
            return
        self._disarm()
        super().on_headers_complete()
        while self._cycles and self._cycles[0].response_complete:  # they end in their order
            self._cycles.popleft()
        self._cycles.append(self.cycle)

    @override
    def on_body(self, body: bytes) -> None:
        self._open_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._open_bytes = 0
        if self._unmoved.is_offered():
            return
        super().on_message_complete()
        # A large body paused the reading, and the caller's hanging up would not be read either.
        # Where another request is behind it, the pause is what keeps more from coming.
        if not self.pipeline:
            self.flow.resume_reading()

    def end(self) -> int:
        """End the connection at once, and return how many requests have no answer by that."""
        self._corked.abort()
        return sum(not cycle.response_complete for cycle in self._cycles)

    def _is_idle(self) -> bool:
        return getattr(self.cycle, "response_complete", True)  # there is none at first

    def _count(self, size: int) -> None:
        """Count bytes of a head, or of what is behind a body, that were read."""
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes:
            raise ValueError(TOO_LARGE)  # ends the parser, which makes it a bad request

    def _refuse_head(self) -> None:
        if self._is_idle():
            self._refuse(TOO_LARGE)
        self.transport.close()

    def _refuse(self, detail: str) -> None:
        self.transport.write(unread_refusal(detail))
        self.transport.close()

    def _head_without_offer(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % each for each in self.headers if each[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _await_head(self) -> None:
        self._alarm = self.loop.call_later(self.limits.head_seconds, self.transport.close)

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
