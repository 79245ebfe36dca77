"""The Open Inference Protocol, version 2: its schema as written here from its text, and answers."""

import base64
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from serving import Running
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec
from tellapart.serve.bodies import Pictures
from tellapart.serve.limits import Limits
from tellapart.serve.problems import Problem
from tellapart.serve.protocol import InferenceRequest
from tellapart.serve.tensors import items_of
from tellapart.workflow.predict import open_model

TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": {"type": "string"},
        "datatype": {"enum": ["UINT8", "FP32", "BYTES"]},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "data": {"type": "array"},
    },
}
METADATA = {
    "type": "object",
    "required": ["name", "platform", "inputs", "outputs"],
    "properties": {
        "name": {"type": "string"},
        "versions": {"type": "array", "items": {"type": "string"}},
        "platform": {"type": "string"},
        "inputs": {"type": "array", "items": TENSOR},
        "outputs": {"type": "array", "items": TENSOR},
    },
}
ANSWER = {
    "type": "object",
    "required": ["model_name", "outputs"],
    "properties": {
        "model_name": {"type": "string"},
        "model_version": {"type": "string"},
        "id": {"type": "string"},
        "outputs": {
            "type": "array",
            "items": TENSOR | {"required": ["name", "datatype", "shape", "data"]},
        },
    },
}


def _pixels(fashion: Dataset, count: int) -> np.ndarray:
    return fashion.test.take(np.arange(300, 300 + count)).decode(ImageSpec()).pixels


def _tensor(**changes: Any) -> dict[str, Any]:
    values = {"name": "image", "datatype": "UINT8", "shape": [1, 28, 28, 1], "data": [0] * 784}
    return {"inputs": [values | changes]}


def _check(schema: dict[str, Any], value: Any) -> None:
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(value)]
    assert not errors


def test_the_server_and_its_classifiers_describe_themselves(server: Running) -> None:
    get = server.client.get
    assert get("v2").json()["name"] == "tellapart"
    assert set(get("v2").json()) == {"name", "version", "extensions"}
    assert get("v2/").status_code == 200
    assert get("v2/health/live").json()["live"] is True
    assert get("v2/health/ready").json() == {"live": True, "ready": True}
    metadata = get("v2/models/clothes").json()
    _check(METADATA, metadata)
    assert [tensor["name"] for tensor in metadata["inputs"]] == ["image"]  # all that is required
    (version,) = metadata["versions"]
    assert get(f"v2/models/clothes/versions/{version}").json() == metadata
    for path in ("v2/models/clothes/ready", f"v2/models/clothes/versions/{version}/ready"):
        assert get(path).json() == {"name": "clothes", "ready": True}


@pytest.mark.parametrize("nested", [False, True])
def test_pixels_are_answered_as_python_answers(
    server: Running, served_bundle: Path, fashion: Dataset, nested: bool
) -> None:
    pixels = _pixels(fashion, 5)
    data = pixels.tolist() if nested else pixels.ravel().tolist()
    body = _tensor(shape=list(pixels.shape), data=data) | {"id": "mine"}
    response = server.client.post("v2/models/clothes/infer", json=body)
    assert response.status_code == 200, response.text
    found = response.json()
    _check(ANSWER, found)
    assert found["id"] == "mine"
    outputs = {output["name"]: output for output in found["outputs"]}
    predictor = open_model(served_bundle)
    wanted = predictor.predict(pixels, top=10)
    shares = np.reshape(outputs["probabilities"]["data"], outputs["probabilities"]["shape"])
    for row, answer in zip(shares, wanted, strict=True):
        named = {choice.label: choice.probability for choice in answer.choices}
        expected = [named[name] for name in predictor.class_names]
        np.testing.assert_allclose(row, expected, atol=2e-5)
    assert outputs["label"]["data"] == [answer.label for answer in wanted]
    assert outputs["verdict"]["data"] == [answer.verdict for answer in wanted]
    assert outputs["error"]["data"] == [""] * 5


def test_one_bad_encoded_picture_fails_alone(server: Running, pictures: list[bytes]) -> None:
    data = [base64.b64encode(content).decode() for content in (pictures[0], b"no", pictures[1])]
    body = _tensor(datatype="BYTES", shape=[3], data=data)
    body["outputs"] = [{"name": "verdict"}, {"name": "error"}, {"name": "probabilities"}]
    found = server.client.post("v2/models/clothes/infer", json=body).json()
    _check(ANSWER, found)
    verdict, error, shares = found["outputs"]
    assert [word == "error" for word in verdict["data"]] == [False, True, False]
    assert [bool(word) for word in error["data"]] == [False, True, False]
    sums = np.reshape(shares["data"], shares["shape"]).sum(axis=1)
    np.testing.assert_allclose(sums, [1, 0, 1], atol=1e-5)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "inputs"),
        ({"inputs": []}, "one tensor named 'image'"),
        (_tensor(name="picture"), "one tensor named 'image'"),
        (_tensor(datatype="FP32"), "UINT8 or BYTES"),
        (_tensor(shape=[1, 28, 28, 3]), "[n, 28, 28, 1]"),
        (_tensor(shape=[2, 28, 28, 1]), "1,568 whole numbers"),
        (_tensor(data=[256] * 784), "0 to 255"),
        (_tensor(data=[-1] * 784), "0 to 255"),
        (_tensor(data=[0.5] * 784), "whole numbers"),
        (_tensor(data=["0"] * 784), "whole numbers"),
        (_tensor(data=[True] * 784), "whole numbers"),
        (_tensor(data=[10**30] * 784), "whole numbers"),
        (_tensor(data=[[0], [0, 0]]), "whole numbers"),
        (_tensor(data=[0] * 783 + [True]), "whole numbers"),
        (_tensor(data=[[0] * 783, 0]), "whole numbers"),
        (_tensor(data=[[[[[0] * 784]]]]), "whole numbers"),
        (_tensor(data=[{"0": 0}] * 784), "whole numbers"),
        (_tensor(shape=[], data=[]), "1 to 256 pictures"),
        (_tensor(shape=[-1, 28, 28, 1]), "shape"),
        (_tensor(shape=[0, 28, 28, 1], data=[]), "1 to 256 pictures"),
        (_tensor(shape=[10**40, 28, 28, 1], data=[]), "shape"),
        (_tensor(datatype="BYTES", shape=[2], data=["AAAA"]), "as many as `shape` says"),
        (_tensor(datatype="BYTES", shape=[1], data=[1]), "base64"),
        (_tensor() | {"outputs": [{"name": "logits"}]}, "probabilities, label, verdict, error"),
        (_tensor() | {"outputs": [{"name": "label"}] * 2}, "each once"),
    ],
)
def test_another_request_is_an_error_of_the_protocols_form(
    server: Running, body: dict[str, Any], word: str
) -> None:
    response = server.client.post("v2/models/clothes/infer", json=body)
    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert word in response.json()["error"]


def test_a_long_text_among_the_pixels_takes_no_memory_but_its_own() -> None:
    body = InferenceRequest.model_validate(_tensor(data=["x" * 100_000, *["y"] * 783]))
    tracemalloc.start()
    with pytest.raises(Problem, match="whole numbers"):
        items_of(body, ImageSpec(), Limits())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (Pictures, '{"images": [%s]}'),
        (InferenceRequest, '{"inputs": [%s]}'),
        (InferenceRequest, '{"inputs": [], "outputs": [%s]}'),
        (InferenceRequest, '{"inputs": [{"name":"","datatype":"","data":[],"shape":[%s]}]}'),
    ],
)
def test_of_many_mistakes_the_first_one_is_enough(shape: type[BaseModel], text: str) -> None:
    with pytest.raises(ValidationError) as found:
        shape.model_validate_json(text % ",".join(["null"] * 9_999))
    assert found.value.error_count() == 1


def test_too_many_pictures_are_refused(server: Running) -> None:
    body = _tensor(datatype="BYTES", shape=[257], data=["AAAA"] * 257)
    assert server.client.post("v2/models/clothes/infer", json=body).status_code == 413


def test_another_name_or_version_is_not_there(server: Running) -> None:
    for path in ("v2/models/shoes", "v2/models/clothes/versions/1/ready", "v2/nothing"):
        response = server.client.get(path)
        assert response.status_code == 404
        assert set(response.json()) == {"error"}
