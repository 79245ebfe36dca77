"""A short way to the endpoints that are asked most: around the router and its layers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tellapart.serve.problems import Problem, to_response

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Route:
    """Is what the metrics call a request."""

    path: str


class Lanes:
    """Is ASGI middleware that calls some endpoints itself, and leaves the others to the router.

    The endpoints stand in the router as well, which describes them; what comes from here is
    the same, for two thirds of the time in the event loop.

    Args:
        app: The router.
        endpoints: By path; each takes POST alone.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[str, Endpoint]) -> None:
        self._app, self._endpoints = app, endpoints
        self._routes = {path: Route(path) for path in endpoints}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._endpoints.get(scope.get("path", ""))
        if endpoint is None or scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["route"] = self._routes[scope["path"]]
        try:
            response = await endpoint(Request(scope, receive))
        except Exception as error:
            await refuse(error, scope, receive, send)
            if not isinstance(error, Problem | ClientDisconnect):
                raise  # the gate writes it down
        else:
            await response(scope, receive, send)


async def refuse(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    """Send what an error is to the one who asked."""
    response = to_response(problem_of(error), scope["path"], scope["state"]["request_id"])
    await response(scope, receive, send)


def problem_of(error: Exception) -> Problem:
    """Return an endpoint's error as a refusal."""
    match error:
        case Problem():
            return error
        case ClientDisconnect():
            return Problem(400, "The request ended before its body did.")
        case _:
            return Problem(500, "A mistake of the server; its log has it by this number.")
