"""The application: all endpoints behind one gate, and what OpenAPI is told of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp

from tellapart._version import __version__
from tellapart.serve.api import build_api, make_predict
from tellapart.serve.bodies import Intake, Pictures
from tellapart.serve.desk import Desk
from tellapart.serve.gate import OPEN, Gate, Rights
from tellapart.serve.health import build_health
from tellapart.serve.inference import build_inference
from tellapart.serve.lanes import Lanes, problem_of
from tellapart.serve.limits import Limits
from tellapart.serve.metrics import Metrics
from tellapart.serve.pages import build_pages
from tellapart.serve.pressure import Pressure
from tellapart.serve.problems import ErrorRecord, Problem, ProblemRecord, to_response
from tellapart.serve.protocol import InferenceRequest
from tellapart.serve.query import wrong_value
from tellapart.serve.reload import POLL_SECONDS, Watcher
from tellapart.serve.served import Served

_ABOUT = "Says what pictures show, or that it is unsure, or that it does not know."
_TOKEN = "token"


def build_app(
    models: Mapping[str, Served],
    metrics: Metrics,
    *,
    limits: Limits | None = None,
    rights: Rights | None = None,
    say: Callable[[str], object] = lambda _: None,
    poll_seconds: float = POLL_SECONDS,
) -> ASGIApp:
    """Return the server as an ASGI application; it ends with its last request answered.

    Args:
        models: What is served, by name; the first is asked where no name is given.
        metrics: What is counted, by the models too.
        limits: How much may be asked for.
        rights: Who may ask; everybody by default.
        say: Is told what the server's owner should know, one line or several at a time.
        poll_seconds: Between two looks at the bundles' files.
    """
    limits = limits or Limits()
    watcher = Watcher(list(models.values()), metrics, say, poll_seconds)
    desk = Desk(models, limits, Intake(limits), metrics, watcher)
    pressure = Pressure(limits)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watching = asyncio.create_task(pressure.watch())
        yield
        watching.cancel()
        watcher.close()
        for model in models.values():
            model.close()

    app = FastAPI(
        title="tellapart",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    for router in (build_api(desk), build_inference(desk), build_health(desk), build_pages(app)):
        app.include_router(router)
    app.add_exception_handler(Problem, _refuse)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    app.add_exception_handler(ClientDisconnect, _refuse)
    app.add_exception_handler(Exception, _refuse)
    _describe(app, needs_token=(rights or Rights()).token is not None)
    short = Lanes(app, {"/v1/predict": make_predict(desk)})
    return Gate(short, rights or Rights(), pressure, metrics.observe, say)


async def _refuse(request: Request, error: Exception) -> Response:
    match error:
        case HTTPException():
            problem = Problem(error.status_code, f"{error.detail}.", error.headers)
        case RequestValidationError():
            problem = wrong_value(error.errors()[0])
        case _:
            problem = problem_of(error)
    return to_response(problem, request.url.path, request.state.request_id)


def _describe(app: FastAPI, *, needs_token: bool) -> None:
    """Add to the description what FastAPI cannot see, and take out what is not so."""
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generated()
            components = schema.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                components.pop(name, None)
            components.update(_schemas(ProblemRecord, ErrorRecord, Pictures, InferenceRequest))
            for operation in _operations(schema):
                if "422" in operation["responses"] and not _is_ours(operation["responses"]["422"]):
                    del operation["responses"]["422"]
            if needs_token:
                _describe_token(schema)
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _describe_token(schema: dict[str, Any]) -> None:
    schemes = schema["components"].setdefault("securitySchemes", {})
    schemes[_TOKEN] = {"type": "http", "scheme": "bearer"}
    for path, operations in schema["paths"].items():
        if not OPEN.fullmatch(path):
            for operation in operations.values():
                operation["security"] = [{_TOKEN: []}]


def _schemas(*records: type[BaseModel]) -> dict[str, Any]:
    wanted: list[tuple[type[BaseModel], Literal["validation"]]]
    wanted = [(record, "validation") for record in records]
    _, found = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    named = {str(record.model_config.get("title") or record.__name__): record for record in records}
    renamed = {record.__name__: name for name, record in named.items()}
    return {renamed.get(name, name): schema for name, schema in found["$defs"].items()}


def _operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in schema["paths"].values() for operation in path.values()]


def _is_ours(response: dict[str, Any]) -> bool:
    return "application/problem+json" in response.get("content", {})
