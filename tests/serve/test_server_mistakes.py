"""A mistake inside the server concerns one request, is told, and is written down."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from serving import Running, serving
from tellapart.bundle import open_bundle
from tellapart.images.arrays import Pixels
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import Answers, Runtime, open_keras


class Moody(Runtime):
    """Executes a network, but not for pictures that are black."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    @override
    def answers(self, pixels: Any) -> Answers:
        if not pixels.any(axis=(1, 2, 3)).all():
            raise RuntimeError("I do not like black.")
        return self._runtime.answers(pixels)

    @override
    def probabilities(self, pixels: Any) -> np.ndarray:
        return self._runtime.probabilities(pixels)


def _open(path: Path) -> Predictor:
    bundle = open_bundle(path)
    return Predictor(bundle, Moody(open_keras(bundle)))


@pytest.fixture(scope="module")
def moody(served_bundle: Path) -> Iterator[Running]:
    with serving({"clothes": served_bundle}, opener=_open) as found:
        yield found


def _black() -> dict[str, Any]:
    pixels: Pixels = np.zeros((1, 28, 28, 1), np.uint8)
    tensor = {"name": "image", "datatype": "UINT8", "shape": [1, 28, 28, 1]}
    return {"inputs": [tensor | {"data": pixels.ravel().tolist()}]}


def test_a_mistake_is_told_with_the_number_that_the_log_has(
    moody: Running, pictures: list[bytes]
) -> None:
    number = {"X-Request-ID": "number-1"}
    response = moody.client.post("v2/models/clothes/infer", json=_black(), headers=number)
    assert response.status_code == 500
    assert set(response.json()) == {"error"}
    assert "I do not like black" not in response.text
    assert moody.client.post("v1/predict", content=pictures[0]).status_code == 200
    (said,) = [line for line in moody.said if line.startswith("request number-1: Traceback")]
    assert "I do not like black" in said
    text = moody.client.get("metrics").text
    assert 'path="/v2/models/{name}/infer",status="500"} 1.0' in text


def test_outside_the_protocol_a_mistake_is_a_problem(moody: Running) -> None:
    content = io.BytesIO()
    Image.new("L", (28, 28)).save(content, "PNG")
    response = moody.client.post("v1/predict", content=content.getvalue())
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["x-request-id"]
