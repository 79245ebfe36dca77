"""What the endpoints share: the classifiers by name, the limits, the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from tellapart.errors import did_you_mean
from tellapart.serve.bodies import Intake
from tellapart.serve.limits import Limits
from tellapart.serve.metrics import Metrics
from tellapart.serve.problems import Problem, ProblemRecord
from tellapart.serve.reload import Watcher
from tellapart.serve.served import Served

PROBLEM = "application/problem+json"


@dataclass(frozen=True, eq=False)
class Desk:
    """Is what the endpoints share.

    Attributes:
        models: What is served, by name; the first is asked where no name is given.
        limits: How much may be asked for.
        intake: Reads bodies.
        metrics: What is counted.
        watcher: Takes over replaced bundles.
    """

    models: Mapping[str, Served]
    limits: Limits
    intake: Intake
    metrics: Metrics
    watcher: Watcher

    def model(self, name: str | None) -> Served:
        """Return a classifier by its name, or the first one.

        Raises:
            Problem: There is none of that name (404).
        """
        if name is None:
            return next(iter(self.models.values()))
        if name not in self.models:
            known = did_you_mean(name, self.models)
            raise Problem(404, f"Unknown model '{name[:100]}'. {known}")
        return self.models[name]


_WORDS: Mapping[int, str] = MappingProxyType(
    {
        400: "The request is wrong.",
        401: "A token is needed.",
        403: "The server is not called by its name, or from a page elsewhere.",
        404: "There is no such thing.",
        405: "That cannot be done here.",
        408: "The body came too slowly.",
        413: "The body is too large.",
        415: "The body has a form that is not known.",
        422: "The one picture cannot be read.",
        500: "A mistake of the server.",
        503: "More is waiting than may wait; come again after Retry-After.",
    }
)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI is told of an endpoint's refusals, with those that all have."""
    schema = {"$ref": f"#/components/schemas/{ProblemRecord.model_config['title']}"}
    return {
        status: {"description": _WORDS[status], "content": {PROBLEM: {"schema": schema}}}
        for status in sorted({400, 401, 403, 500, 503, *statuses})
    }


def answers(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI is told of an endpoint's answer and of its refusals."""
    return {200: {"model": model, "description": "The answer."}, **refusals(*statuses)}


def to_json(record: BaseModel, *, without_none: bool = False) -> Response:
    """Return a record as the answer to a request; it was checked when it was made."""
    content = record.model_dump_json(exclude_none=without_none)
    return Response(content, media_type="application/json")
