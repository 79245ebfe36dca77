"""Where every request comes in and goes out: its number, its right to be here, its headers."""

import hmac
import itertools
import re
import secrets
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tellapart.serve.callers import HUNG_UP, KEY, Caller
from tellapart.serve.lanes import refuse
from tellapart.serve.pressure import Pressure
from tellapart.serve.problems import Problem

OPEN = re.compile(r"/(?:healthz|readyz|docs|openapi\.json|page/[\w.-]+)?|/v2/health/(?:live|ready)")
"""What needs no token: whether the server lives, how to ask it, and the page, which then asks
for the token."""

METRICS = "/metrics"
"""Is answered however much there is to do: that is when somebody wants to see it."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)

_NUMBER = re.compile(r"[\w.-]{1,64}", re.ASCII)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Observe = Callable[[str, str, int, float], object]
"""Is told method, path, status and seconds of each answered request."""


@dataclass(frozen=True)
class Rights:
    """Is who may ask.

    Attributes:
        token: What every request must bring; `None` lets everybody ask.
        hosts: The names by which the server may be called; `None` allows any. They keep out web
            pages from elsewhere: one that gives its own name this machine's address (DNS
            rebinding), and one that sends pictures here from its visitor's browser.
    """

    token: str | None = None
    hosts: frozenset[str] | None = None

    def check(self, path: str, headers: Headers) -> None:
        """Let a request pass, or refuse it.

        Raises:
            Problem: It comes by another name or from another page (403), or without the
                token (401).
        """
        if self.hosts is not None:
            host, origin = host_of(headers.get("host", "")), headers.get("origin")
            if host not in self.hosts:
                known = ", ".join(sorted(self.hosts))
                raise Problem(403, f"This server is called {known}. Received: {host[:100]!r}.")
            if origin is not None and host_of(origin.partition("://")[2]) not in self.hosts:
                raise Problem(403, f"Pages of {origin[:100]!r} may not ask this server.")
        if self.token is None or OPEN.fullmatch(path):
            return
        kind, _, given = headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if kind.lower() != "bearer" or not right:
            raise Problem(
                401,
                "A token is needed. Send the header: Authorization: Bearer TOKEN",
                {"WWW-Authenticate": "Bearer"},
            )


class Gate:
    """Is ASGI middleware around the whole application.

    Args:
        app: What it guards.
        rights: Who may ask.
        pressure: How much is to do.
        observe: Is told of every request.
        say: Is told of what goes wrong inside, with the request's number.
    """

    def __init__(
        self,
        app: ASGIApp,
        rights: Rights,
        pressure: Pressure,
        observe: Observe,
        say: Callable[[str], object],
    ) -> None:
        self._app, self._rights, self._pressure = app, rights, pressure
        self._observe, self._say = observe, say
        self._life, self._numbers = secrets.token_hex(10), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        given = Headers(scope=scope).get("x-request-id", "")
        number = given if _NUMBER.fullmatch(given) else f"{self._life}{next(self._numbers):012x}"
        state = scope.setdefault("state", {})
        state["request_id"], caller = number, state.get(KEY) or Caller()
        # the server itself, which keeps the other scope, leaves out the body of an answer to HEAD
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = MutableHeaders(scope=message)
                sent["X-Request-ID"] = number
                for name, value in _HEADERS.items():
                    sent.setdefault(name, value)
            await send(message)

        try:
            with caller.served():
                await self._pass(asked, receive, answer)
        except Exception:  # noqa: BLE001 - told with the request's number; the server goes on
            self._say(f"request {number}: {traceback.format_exc()}")
        finally:
            status = status or (HUNG_UP if caller.has_hung_up else 0)
            path = getattr(asked.get("route"), "path", "other")
            self._observe(scope["method"], path, status, time.perf_counter() - began)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_always = bool(OPEN.fullmatch(scope["path"])) or scope["path"] == METRICS
        headers = Headers(scope=scope)
        try:
            names = len(headers.getlist("host"))
            if names > 1 or (not names and scope["http_version"] != "1.0"):
                raise Problem(400, "A request must have one header Host.")
            self._rights.check(scope["path"], headers)
            if not is_always:
                self._pressure.check()
        except Problem as problem:
            await refuse(problem, scope, receive, send)
            return
        # Nobody takes a place by what is answered without one, nor by being refused.
        with nullcontext() if is_always else self._pressure.request():
            await self._app(scope, receive, send)


def host_of(header: str) -> str:
    """Return a Host header without its port, in small letters.

    Example:
        >>> host_of("LocalHost:8000"), host_of("[::1]:8000")
        ('localhost', '[::1]')
    """
    name = header.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]
