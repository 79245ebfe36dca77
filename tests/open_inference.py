"""The Open Inference Protocol's REST interface, version 2, as an OpenAPI description.

Names, types and what is required are those of the protocol's own description
(`specification/protocol/open_inference_rest.yaml` of kserve/open-inference-protocol), written
anew. That one knows two statuses, 200 and 400; here all that is no 200 is an error of its form.
"""

from typing import Any


def describe_protocol() -> dict[str, Any]:
    """Return the description."""
    paths: dict[str, Any] = {
        "/v2": {"get": _operation("ServerMetadata")},
        "/v2/health/live": {"get": _operation()},
        "/v2/health/ready": {"get": _operation()},
    }
    for path, names in (
        ("/v2/models/{name}", ("name",)),
        ("/v2/models/{name}/versions/{version}", ("name", "version")),
    ):
        paths[path] = {"get": _operation("ModelMetadata", names)}
        paths[f"{path}/ready"] = {"get": _operation(None, names)}
        body = {"required": True, "content": _json("InferenceRequest")}
        infer = _operation("InferenceResponse", names) | {"requestBody": body}
        paths[f"{path}/infer"] = {"post": infer}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Data plane", "version": "2.0"},
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _operation(answer: str | None = None, names: tuple[str, ...] = ()) -> dict[str, Any]:
    right: dict[str, Any] = {"description": "The answer."}
    if answer is not None:
        right["content"] = _json(answer)
    return {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ],
        "responses": {
            "200": right,
            "default": {"description": "An error.", "content": _json("Error")},
        },
    }


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": _of(name)}}


def _of(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _record(required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties}


def _schemas() -> dict[str, Any]:
    text, parameters = {"type": "string"}, {"type": "object"}
    shape = _many({"type": "integer"})
    data = _many({"anyOf": [_of("Data"), *({"type": t} for t in ("number", "string", "boolean"))]})
    tensor = {"name": text, "shape": shape, "datatype": text}
    filled = {**tensor, "parameters": parameters, "data": _of("Data")}
    tensors = _many(_of("TensorMetadata"))
    return {
        "Data": data,
        "Error": _record("error", error=text),
        "ServerMetadata": _record(
            "name version extensions", name=text, version=text, extensions=_many(text)
        ),
        "TensorMetadata": _record("name datatype shape", **tensor),
        "ModelMetadata": _record(
            "name platform",
            name=text,
            versions=_many(text),
            platform=text,
            inputs=tensors,
            outputs=tensors,
        ),
        "RequestTensor": _record("name shape datatype data", **filled),
        "RequestedOutput": _record("name", name=text, parameters=parameters),
        "InferenceRequest": _record(
            "inputs",
            id=text,
            parameters=parameters,
            inputs=_many(_of("RequestTensor")),
            outputs=_many(_of("RequestedOutput")),
        ),
        "ResponseTensor": _record("name shape datatype data", **filled),
        "InferenceResponse": _record(
            "model_name outputs",
            model_name=text,
            model_version=text,
            id=text,
            parameters=parameters,
            outputs=_many(_of("ResponseTensor")),
        ),
    }
