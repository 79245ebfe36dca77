"""Where every request comes in and goes out: its number, its right to be here, its headers."""

import hmac
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tellapart.serve.problems import record_of

OPEN = re.compile(r"/(?:healthz|readyz|page/[\w.-]+)?|/v2/health/(?:live|ready)")
"""What needs no token: whether the server lives, and the page that asks for the token."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

_NUMBER = re.compile(r"[\w.-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
}

Observe = Callable[[str, str, int, float], object]
"""Is told method, path, status and seconds of each answered request."""


@dataclass(frozen=True)
class Rights:
    """Is who may ask.

    Attributes:
        token: What every request must bring; `None` lets everybody ask.
        hosts: The names by which the server may be called; `None` allows any. A web page
            elsewhere that gives its own name this machine's address is kept out by it.
    """

    token: str | None = None
    hosts: frozenset[str] | None = None

    def refuse(self, path: str, headers: Headers) -> tuple[int, str] | None:
        """Return status and reason where a request may not be here, else nothing."""
        host = _host_of(headers.get("host", ""))
        if self.hosts is not None and host not in self.hosts:
            known = ", ".join(sorted(self.hosts))
            return 403, f"This server answers to {known} only. Received: {host[:100]!r}."
        if self.token is None or OPEN.fullmatch(path):
            return None
        kind, _, given = headers.get("authorization", "").partition(" ")
        wanted = self.token.encode()
        if kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), wanted):
            return None
        return 401, "A token is needed. Send the header: Authorization: Bearer TOKEN"


class Gate:
    """Is ASGI middleware around the whole application.

    Args:
        app: What it guards.
        rights: Who may ask.
        observe: Is told of every request.
    """

    def __init__(self, app: ASGIApp, rights: Rights, observe: Observe) -> None:
        self._app, self._rights, self._observe = app, rights, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        number = given if _NUMBER.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = number

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = MutableHeaders(scope=message)
                sent["X-Request-ID"] = number
                for name, value in _HEADERS.items():
                    sent.setdefault(name, value)
            await send(message)

        refusal = self._rights.refuse(scope["path"], headers)
        try:
            if refusal is None:
                await self._app(scope, receive, answer)
            else:
                await _refusal(*refusal, number)(scope, receive, answer)
        finally:
            path = getattr(scope.get("route"), "path", "other")
            self._observe(scope["method"], path, status, time.perf_counter() - began)


def _refusal(status: int, detail: str, number: str) -> Response:
    body = record_of(status, detail, number).model_dump_json()
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return Response(body, status, headers, media_type="application/problem+json")


def _host_of(header: str) -> str:
    """Return a Host header without its port, in small letters."""
    name = header.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]
