"""What is asked about the server itself: whether it lives, how it is, its metrics."""

from typing import Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tellapart.serve.desk import Desk, answers, refusals, to_json
from tellapart.serve.reload import Outcome


class ModelState(BaseModel):
    """Is how a classifier is.

    Attributes:
        name: By which it is asked for.
        version: Changes with anything in its bundle.
        waiting: Pictures that wait to be answered.
        replacement: What became of the last replacement of its bundle, if there was one;
            of one that was refused the server's log says why.
        replaced: When that was, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    waiting: int
    replacement: Outcome | None
    replaced: float | None


class Health(BaseModel):
    """Is how the server is.

    Attributes:
        status: "ready", or it would not answer.
        models: What is served.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["ready"] = "ready"
    models: list[ModelState] = []


def build_health(desk: Desk) -> APIRouter:
    """Return the endpoints about the server itself."""
    router = APIRouter(tags=["server"])

    @router.get("/healthz", summary="Say that the server lives", responses=answers(Health))
    async def healthz() -> Response:
        return to_json(Health())

    @router.get("/readyz", summary="Say how each classifier is", responses=answers(Health))
    async def readyz() -> Response:
        done = desk.watcher.replacements
        return to_json(
            Health(
                models=[
                    ModelState(
                        name=name,
                        version=model.loaded.version,
                        waiting=model.waiting,
                        replacement=done[name].outcome if name in done else None,
                        replaced=done[name].seconds if name in done else None,
                    )
                    for name, model in desk.models.items()
                ]
            )
        )

    @router.get(
        "/metrics",
        summary="Say what Prometheus asks for",
        response_class=Response,
        responses={200: {"description": "Text", "content": {"text/plain": {}}}, **refusals()},
    )
    async def metrics() -> Response:
        for name, model in desk.models.items():
            desk.metrics.note_drift(name, model.loaded.drift.lights())
        return Response(desk.metrics.to_text(), media_type=CONTENT_TYPE_LATEST)

    return router
