"""Pictures that come in base64: those that are none fail alone."""

import base64
import textwrap

import pytest

from serving import Running

BAD = ["***", "AAA", "Ä", "data:image/png;base64,AAAA"]


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize("bad", BAD)
def test_a_picture_that_is_no_base64_is_named_and_fails_alone(
    server: Running, pictures: list[bytes], bad: str
) -> None:
    images = [{"name": "a", "data": _encoded(pictures[0])}, {"name": "b", "data": bad}]
    response = server.client.post("v1/predict", json={"images": images})
    assert response.status_code == 200, response.text
    good, failed = response.json()["predictions"]
    assert good["verdict"] != "error"
    assert (failed["name"], failed["verdict"]) == ("b", "error")
    assert failed["error"].startswith("not-base64: a file in JSON must be base64")


@pytest.mark.parametrize("bad", BAD)
def test_a_bytes_tensor_with_a_picture_that_is_no_base64_has_an_error_in_its_place(
    server: Running, pictures: list[bytes], bad: str
) -> None:
    tensor = {"name": "image", "datatype": "BYTES", "shape": [2]}
    body = {"inputs": [tensor | {"data": [bad, _encoded(pictures[0])]}]}
    response = server.client.post("v2/models/clothes/infer", json=body)
    assert response.status_code == 200, response.text
    outputs = {output["name"]: output["data"] for output in response.json()["outputs"]}
    assert outputs["error"][0].startswith("not-base64: ")
    assert outputs["error"][1] == ""
    assert [word == "error" for word in outputs["verdict"]] == [True, False]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_base64_may_come_in_several_lines(server: Running, pictures: list[bytes], end: str) -> None:
    wrapped = end.join(textwrap.wrap(_encoded(pictures[0]), 76)) + end
    assert end in wrapped.strip()
    images = [{"data": wrapped}, {"data": _encoded(pictures[0])}]
    response = server.client.post("v1/predict", json={"images": images})
    assert response.status_code == 200, response.text
    one, other = response.json()["predictions"]
    assert one["verdict"] != "error"
    assert [choice["label"] for choice in one["choices"]] == [
        choice["label"] for choice in other["choices"]
    ]
