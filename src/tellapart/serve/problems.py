"""What the server says when it cannot do what was asked: one table from errors to status codes."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tellapart.errors import DataError, ImageError, TellapartError, UsageError

RETRY_SECONDS = 1
"""After how long one may ask again where too much is waiting."""


class ProblemRecord(BaseModel):
    """Is the body of every refusal (RFC 9457), with the request's own number.

    Attributes:
        type: Always "about:blank": the status says what kind of problem it is.
        title: The status in words.
        status: The status.
        detail: What was wrong with this request, and the fix.
        request_id: By which the server's log knows the request.
    """

    model_config = ConfigDict(frozen=True, title="Problem")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str


class ErrorRecord(BaseModel):
    """Is the body of a refusal under `/v2`, as the Open Inference Protocol has it.

    Attributes:
        error: What was wrong with this request, and the fix.
    """

    model_config = ConfigDict(frozen=True, title="InferenceError")

    error: str


class Problem(Exception):
    """A request that cannot be answered.

    Args:
        status: Of HTTP.
        detail: What was wrong, and the fix.
        headers: To send with it.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, dict(headers or {})


class Overloaded(Problem):
    """More is under way than may be: come again soon."""

    def __init__(self, detail: str) -> None:
        super().__init__(503, f"{detail} Try again soon.", {"Retry-After": str(RETRY_SECONDS)})


STATUS: Mapping[type[TellapartError], int] = MappingProxyType(
    {ImageError: 422, DataError: 422, UsageError: 400}
)
"""The status of each kind of error that a request can bring about; others are 500."""


def status_of(error: TellapartError) -> int:
    """Return the status of an error, by the nearest of its classes.

    Example:
        >>> status_of(ImageError("a.png", "truncated", "it ends early")), status_of(UsageError())
        (422, 400)
    """
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def to_response(problem: Problem, path: str, request_id: str) -> Response:
    """Return a refusal as it is sent.

    Args:
        problem: What was wrong.
        path: What was asked for; below `/v2` refusals have the form of that protocol.
        request_id: The request's number.
    """
    if path == "/v2" or path.startswith("/v2/"):
        body = ErrorRecord(error=problem.detail).model_dump_json()
        return Response(body, problem.status, problem.headers, media_type="application/json")
    record = ProblemRecord(
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        request_id=request_id,
    )
    return Response(
        record.model_dump_json(),
        problem.status,
        problem.headers,
        media_type="application/problem+json",
    )


def unread_refusal(detail: str) -> bytes:
    """Return the whole answer to a request that could not be read as one, as bytes.

    Args:
        detail: What was wrong.
    """
    number = secrets.token_hex(16)
    answer = to_response(Problem(400, detail), "", number)
    head = {
        "content-type": answer.headers["content-type"],
        "content-length": answer.headers["content-length"],
        "x-request-id": number,
        "connection": "close",
    }
    lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join([*lines, "", ""]).encode() + bytes(answer.body)
