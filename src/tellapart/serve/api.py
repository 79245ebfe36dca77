"""The endpoints under `/v1`: predictions, heat maps, and what is served."""

import base64
import time
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tellapart.errors import TellapartError
from tellapart.predict.inputs import Item
from tellapart.predict.prediction import Prediction
from tellapart.serve.bodies import Body, Pictures
from tellapart.serve.card import ModelCard, ModelList, card_of, name_of
from tellapart.serve.desk import Desk, answers, to_json
from tellapart.serve.jobs import Wish
from tellapart.serve.lanes import Endpoint
from tellapart.serve.problems import Problem, status_of
from tellapart.serve.query import describe_request, read_query

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

Name = Annotated[str | None, Field(description="Which classifier; the first one by default.")]


class PredictQuery(BaseModel):
    """Is what may stand behind the question mark of `/v1/predict`.

    Attributes:
        model: Which classifier.
        top: How many classes to name.
        always_answer: Whether each picture gets a label in any case.
        risk: The share of wrong labels to accept.
    """

    model: Name = None
    top: Annotated[int, Field(ge=1, le=MOST_NAMED, description="Classes to name.")] = 3
    always_answer: Annotated[bool, Field(description="Give each picture a label.")] = False
    risk: Annotated[
        float | None, Field(gt=0, lt=1, description="The share of wrong labels to accept.")
    ] = None


class ExplainQuery(BaseModel):
    """Is what may stand behind the question mark of `/v1/explain`.

    Attributes:
        model: Which classifier.
        class_name: The class that is explained.
    """

    model: Name = None
    class_name: Annotated[
        str | None, Field(description="The class; the most probable one by default.")
    ] = None


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


def make_predict(desk: Desk) -> Endpoint:
    """Return what answers `POST /v1/predict`."""

    async def predict(request: Request) -> Response:
        query = read_query(request, PredictQuery)
        asked = desk.model(query.model)
        asked.check_room()
        with desk.intake.open(request) as body:
            items, is_single = await body.pictures()
            began = time.perf_counter()
            wish = Wish(query.top, query.always_answer, query.risk)
            found = await asked.ask(items, wish)
        said = [each.prediction for each in found]
        if is_single and said[0].error is not None:
            raise Problem(422, f"The picture cannot be read: {said[0].error}")
        return to_json(
            Predictions(
                model=asked.name,
                version=found[0].loaded.version,
                predictions=said,
                seconds=time.perf_counter() - began,
            )
        )

    return predict


def build_api(desk: Desk) -> APIRouter:
    """Return the endpoints under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["tellapart"])

    router.post(
        "/predict",
        summary="Say what pictures show",
        responses=answers(Predictions, 404, 408, 413, 415, 422),
        openapi_extra=describe_request(PredictQuery, _SEVERAL),
    )(make_predict(desk))

    @router.post(
        "/explain",
        summary="Show which pixels of a picture decided",
        responses=answers(HeatMap, 404, 408, 413, 415, 422),
        openapi_extra=describe_request(ExplainQuery, _ONE),
    )
    async def explain(request: Request) -> Response:
        query = read_query(request, ExplainQuery)
        asked = desk.model(query.model)
        with desk.intake.open(request) as body:
            item = await _only(body)
            began = time.perf_counter()
            try:
                found = await asked.explain(item, query.class_name)
            except TellapartError as error:
                raise Problem(status_of(error), str(error)) from error
        return to_json(
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
        return to_json(
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
        return to_json(card_of(desk.model(name)))

    return router


async def _only(body: Body) -> Item:
    items, is_single = await body.pictures()
    if not is_single:
        raise Problem(415, "Send one picture as the whole body: Content-Type image/*.")
    return items[0]
