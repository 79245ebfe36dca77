"""The endpoints under `/v1`: predictions, heat maps, and what is served."""

import base64
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from tellapart.errors import TellapartError
from tellapart.predict.inputs import Item
from tellapart.predict.prediction import Prediction
from tellapart.serve.bodies import Body, Pictures
from tellapart.serve.card import ModelCard, ModelList, card_of, name_of
from tellapart.serve.desk import Desk, answers
from tellapart.serve.problems import Problem, status_of
from tellapart.serve.served import Wish

MOST_NAMED = 1_000
"""Classes in one answer."""

_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_ONE = {"image/*": _PICTURE, "application/octet-stream": _PICTURE}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["images"],
        "properties": {
            "images": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "format": "binary"},
            }
        },
    }
}
_SEVERAL: dict[str, Any] = {
    **_ONE,
    "multipart/form-data": _FORM,
    "application/json": {"schema": {"$ref": f"#/components/schemas/{Pictures.__name__}"}},
}

Name = Annotated[str | None, Query(description="Which classifier; the first one by default.")]


class Predictions(BaseModel):
    """Is the answer to a request.

    Attributes:
        model: Who answered.
        version: Of its bundle.
        predictions: One for each picture, in order; one that cannot be read has `error` set.
        seconds: From the last byte of the request on, in the server.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    version: str
    predictions: list[Prediction]
    seconds: float


class HeatMap(BaseModel):
    """Is which pixels of a picture speak for a class.

    Attributes:
        model: Who answered.
        version: Of its bundle.
        label: The class; the most probable one unless another was asked for.
        method: "occlusion": how far the answer falls while a square covers each part. Whether
            this map means anything is not tested here; `tellapart explain` does.
        overlay: The picture in grey under the map, as PNG in base64; its longer side is at most
            1,024 pixels.
        seconds: From the last byte of the request on, in the server.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    version: str
    label: str
    method: str
    overlay: str
    seconds: float


def build_api(desk: Desk) -> APIRouter:
    """Return the endpoints under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["tellapart"])

    @router.post(
        "/predict",
        summary="Say what pictures show",
        responses=answers(Predictions, 404, 408, 413, 415, 422),
        openapi_extra={"requestBody": {"required": True, "content": _SEVERAL}},
    )
    async def predict(
        request: Request,
        model: Name = None,
        top: Annotated[int, Query(ge=1, le=MOST_NAMED, description="Classes to name.")] = 3,
        always_answer: Annotated[bool, Query(description="Give each picture a label.")] = False,
        risk: Annotated[
            float | None, Query(gt=0, lt=1, description="The share of wrong labels to accept.")
        ] = None,
    ) -> Response:
        asked = desk.model(model)
        asked.check_room()
        with desk.intake.open(request) as body:
            items, is_single = await body.pictures()
            began = time.perf_counter()
            found = await asked.ask(items, Wish(top, always_answer, risk))
        said = [each.prediction for each in found]
        if is_single and said[0].error is not None:
            raise Problem(422, f"The picture cannot be read: {said[0].error}")
        return _json(
            Predictions(
                model=asked.name,
                version=found[0].loaded.version,
                predictions=said,
                seconds=time.perf_counter() - began,
            )
        )

    @router.post(
        "/explain",
        summary="Show which pixels of a picture decided",
        responses=answers(HeatMap, 404, 408, 413, 415, 422),
        openapi_extra={"requestBody": {"required": True, "content": _ONE}},
    )
    async def explain(
        request: Request,
        model: Name = None,
        class_name: Annotated[
            str | None, Query(description="The class; the most probable one by default.")
        ] = None,
    ) -> Response:
        asked = desk.model(model)
        with desk.intake.open(request) as body:
            item = await _only(body)
            began = time.perf_counter()
            try:
                found = await asked.explain(item, class_name)
            except TellapartError as error:
                raise Problem(status_of(error), str(error)) from error
        return _json(
            HeatMap(
                model=asked.name,
                version=found.version,
                label=found.label,
                method="occlusion",
                overlay=base64.b64encode(found.png).decode(),
                seconds=time.perf_counter() - began,
            )
        )

    @router.get(
        "/models",
        summary="List what is served",
        responses=answers(ModelList),
    )
    async def models() -> Response:
        return _json(
            ModelList(
                models=[name_of(model) for model in desk.models.values()],
                keeps_unsure=any(model.keeper for model in desk.models.values()),
            )
        )

    @router.get(
        "/models/{name}",
        summary="Say what is known of a classifier",
        responses=answers(ModelCard, 404),
    )
    async def card(name: str) -> Response:
        return _json(card_of(desk.model(name)))

    return router


async def _only(body: Body) -> Item:
    items, is_single = await body.pictures()
    if not is_single:
        raise Problem(415, "Send one picture as the whole body: Content-Type image/*.")
    return items[0]


def _json(record: BaseModel) -> Response:
    return Response(record.model_dump_json(), media_type="application/json")
