"""What the server says when it cannot do what was asked: one table from errors to status codes."""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict

from tellapart.errors import DataError, ImageError, TellapartError, UsageError

RETRY_SECONDS = 1


class ProblemRecord(BaseModel):
    """Is the body of every refusal (RFC 9457), with the request's own number.

    Attributes:
        type: Always "about:blank": the status says what kind of problem it is.
        title: The status in words.
        status: The status.
        detail: What was wrong with this request, and the fix.
        request_id: By which the server's log knows the request.
    """

    model_config = ConfigDict(frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    request_id: str


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
    """More is waiting than may wait: come again soon."""

    def __init__(self, waiting: int) -> None:
        detail = f"{waiting:,} pictures are waiting already, which is all that may. Try again soon."
        super().__init__(503, detail, {"Retry-After": str(RETRY_SECONDS)})


STATUS: Mapping[type[TellapartError], int] = MappingProxyType(
    {ImageError: 422, DataError: 422, UsageError: 400}
)
"""The status of each kind of error that a request can bring about; others are 500."""


def status_of(error: TellapartError) -> int:
    """Return the status of an error, by the nearest of its classes."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def record_of(status: int, detail: str, request_id: str) -> ProblemRecord:
    """Return a refusal as it is sent."""
    title = HTTPStatus(status).phrase
    return ProblemRecord(title=title, status=status, detail=detail, request_id=request_id)


RESPONSES: Mapping[int | str, dict[str, Any]] = MappingProxyType(
    {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
        for status in (400, 401, 403, 404, 408, 413, 415, 422, 500, 503)
    }
)
"""What OpenAPI is told of refusals."""
