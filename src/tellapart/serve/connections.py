"""One connection: how much of a request's head may come, how slowly, and who is gone."""

import asyncio
from typing import Any, ClassVar, cast

from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tellapart.serve.callers import KEY, Caller
from tellapart.serve.limits import Limits


def connections_within(limits: Limits) -> "type[Connection]":
    """Return what a server reads its connections with.

    Args:
        limits: How large the head of a request may be, and how slowly it may come.
    """
    return type("Limited", (Connection,), {"limits": limits})


class Corked:
    """Is a transport that sends what is written in one go together.

    Head and body of an answer are written one after the other; each by itself would wake up
    its receiver, and cost a call of the system, which is a tenth of a small answer's work.

    Args:
        transport: What sends.
        loop: Whose steps are the goes.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._is_lost = False

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

    def close(self) -> None:
        """Send what is written, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        parts, self._parts = self._parts, []
        if parts:
            self._transport.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        """Return whatever else a transport has."""
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):
    """Reads requests, and closes the connection of one whose head does not end.

    A body has limits of its own (`bodies.py`), but what comes before it is not the
    application's to count: whoever reaches the port could send headers until the memory is
    full, or keep connections open that say nothing, and needs no token for that.

    Attributes:
        limits: How large a head may be, and how slowly it may come.
    """

    limits: ClassVar[Limits] = Limits()
    _head_bytes = 0
    _alarm: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._corked = Corked(transport, self.loop)
        super().connection_made(cast("asyncio.Transport", self._corked))
        self._caller, self._cycles = Caller(), list[RequestResponseCycle]()
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
        self._head_bytes += len(data)  # the calls within begin anew where a head or a part ends
        super().data_received(data)
        if self.transport.is_closing():
            return
        is_idle = getattr(self.cycle, "response_complete", True)  # there is none at first
        if self._head_bytes > self.limits.head_bytes:
            if is_idle:
                self.send_400_response("The headers are too large.")
            self.transport.close()
        elif is_idle and self._alarm is None:
            self._await_head()

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["state"][KEY] = self._caller

    @override
    def on_headers_complete(self) -> None:
        self._disarm()
        self._head_bytes = 0
        super().on_headers_complete()
        under_way = [cycle for cycle in self._cycles if not cycle.response_complete]
        self._cycles = [*under_way, self.cycle]

    @override
    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._head_bytes = 0
        super().on_message_complete()
        # A large body paused the reading, and the caller's hanging up would not be read either.
        # Where another request is behind it, the pause is what keeps more from coming.
        if not self.pipeline:
            self.flow.resume_reading()

    def _await_head(self) -> None:
        self._alarm = self.loop.call_later(self.limits.head_seconds, self.transport.close)

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
