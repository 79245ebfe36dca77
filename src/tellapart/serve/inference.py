"""The REST endpoints of the Open Inference Protocol, version 2."""

import sys
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from tellapart._version import __version__
from tellapart.serve.desk import Desk, refusals, to_json
from tellapart.serve.jobs import Wish
from tellapart.serve.loaded import Loaded
from tellapart.serve.problems import ErrorRecord, Problem
from tellapart.serve.protocol import (
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ModelReady,
    ServerHealth,
    ServerMetadata,
)
from tellapart.serve.served import Served
from tellapart.serve.tensors import inputs_of, items_of, outputs_of, to_tensors, wanted_outputs

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": f"#/components/schemas/{InferenceRequest.__name__}"}
        }
    },
}

BINARY = "inference-header-content-length"
"""By which header a client says that its tensors are bytes behind the JSON."""

_ALL = Wish(top=sys.maxsize)
"""Each class is named, as many as there are by then."""


def build_inference(desk: Desk) -> APIRouter:
    """Return the endpoints under `/v2`."""
    router = APIRouter(prefix="/v2", tags=["Open Inference Protocol"])
    _add_server(router)
    for path in ("/models/{name}", "/models/{name}/versions/{version}"):
        _add_model(router, desk, path)
    return router


def _add_server(router: APIRouter) -> None:
    async def server() -> Response:
        return _json(ServerMetadata(name="tellapart", version=__version__, extensions=[]))

    async def health() -> Response:
        return _json(ServerHealth())

    said = _answers(ServerMetadata)
    router.get("", summary="Say what the server is", responses=said)(server)
    router.get("/", include_in_schema=False)(server)
    for word in ("live", "ready"):
        router.get(
            f"/health/{word}",
            summary=f"Say whether the server is {word}",
            responses=_answers(ServerHealth),
        )(health)


def _add_model(router: APIRouter, desk: Desk, path: str) -> None:
    """Add the endpoints about a classifier, whose path may have a version."""

    def find(request: Request) -> Served:
        model = desk.model(request.path_params["name"])
        check_version(request, model.loaded)
        return model

    def check_version(request: Request, loaded: Loaded) -> None:
        version = request.path_params.get("version", loaded.version)
        if version != loaded.version:
            raise Problem(
                404,
                f"{request.path_params['name']} is there in version {loaded.version} only. "
                f"Received: {version[:100]}.",
            )

    async def metadata(request: Request) -> Response:
        model = find(request)
        predictor = model.loaded.predictor
        return _json(
            ModelMetadata(
                name=model.name,
                versions=[model.loaded.version],
                platform="tellapart",
                inputs=inputs_of(predictor.manifest.image),
                outputs=outputs_of(len(predictor.class_names)),
            )
        )

    async def ready(request: Request) -> Response:
        return _json(ModelReady(name=find(request).name, ready=True))

    async def infer(request: Request) -> Response:
        model = find(request)
        model.check_room()
        _refuse_binary(request)
        with desk.intake.open(request) as body:
            asked = await body.json(InferenceRequest, desk.limits.numbers)
            spec = model.loaded.predictor.manifest.image
            items, wanted = items_of(asked, spec, desk.limits), wanted_outputs(asked)
            answers = await model.ask(items, _ALL)
        loaded = answers[0].loaded
        check_version(request, loaded)  # it may have been replaced meanwhile
        names = loaded.predictor.class_names
        found = InferenceResponse(
            model_name=model.name,
            model_version=loaded.version,
            id=asked.id,
            outputs=to_tensors(answers, names, wanted),
        )
        return _json(found)

    described: dict[str, Any] = {"parameters": _parameters(path)}
    for method, tail, endpoint, model_of_answer, summary in (
        ("GET", "", metadata, ModelMetadata, "Say what a classifier takes and gives"),
        ("GET", "/ready", ready, ModelReady, "Say whether a classifier can be asked"),
        ("POST", "/infer", infer, InferenceResponse, "Ask a classifier about pictures"),
    ):
        statuses = (404, 408, 413, 415) if method == "POST" else (404,)
        router.add_api_route(
            f"{path}{tail}",
            endpoint,
            methods=[method],
            summary=summary,
            responses=_answers(model_of_answer, *statuses),
            openapi_extra=described | ({"requestBody": _BODY} if method == "POST" else {}),
        )


def _refuse_binary(request: Request) -> None:
    if BINARY in request.headers:
        raise Problem(400, "Tensors must be JSON. Received: binary ones. Fix: binary_data=False")


def _parameters(path: str) -> list[dict[str, Any]]:
    names = [name for name in ("name", "version") if f"{{{name}}}" in path]
    schema = {"type": "string"}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI is told of refusals; they have the protocol's form."""
    schema = {"$ref": f"#/components/schemas/{ErrorRecord.model_config['title']}"}
    content = {"application/json": {"schema": schema}}
    return {status: each | {"content": content} for status, each in refusals(*statuses).items()}


def _answers(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model, "description": "The answer."}, **_refusals(*statuses)}


def _json(record: BaseModel) -> Response:
    return to_json(record, without_none=True)
