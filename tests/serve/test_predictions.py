"""Questions over a real socket, and the answers to them."""

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from serving import Running
from tellapart.predict.prediction import Prediction
from tellapart.predict.predictor import Predictor
from tellapart.workflow.predict import open_model


@pytest.fixture(scope="module")
def predictor(served_bundle: Path) -> Predictor:
    return open_model(served_bundle)


def _form(pictures: list[bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("images", (f"{n}.png", file, "image/png")) for n, file in enumerate(pictures)]


def _answers(response: httpx.Response) -> list[Prediction]:
    assert response.status_code == 200, response.text
    return [Prediction.model_validate(row) for row in response.json()["predictions"]]


def _assert_alike(found: list[Prediction], wanted: list[Prediction]) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.verdict == other.verdict
        assert [c.label for c in one.choices] == [c.label for c in other.choices]
        assert [c.label for c in one.set] == [c.label for c in other.set]
        for mine, yours in zip(one.choices, other.choices, strict=True):
            assert mine.probability == pytest.approx(yours.probability, abs=2e-5)


def test_a_picture_as_the_body_is_answered_as_python_answers(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    response = server.client.post("v1/predict", content=pictures[0])
    found = _answers(response)
    _assert_alike(found, [predictor.predict(pictures[0])])
    body = response.json()
    assert body["model"] == "clothes"
    assert body["seconds"] > 0
    assert len(response.headers["x-request-id"]) == 32


def test_n_requests_at_once_are_answered_as_n_single_ones(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    def ask(file: bytes) -> Prediction:
        return _answers(server.client.post("v1/predict", content=file))[0]

    with ThreadPoolExecutor(24) as threads:
        together = list(threads.map(ask, pictures))
    _assert_alike(together, predictor.predict(pictures))
    assert {answer.verdict for answer in together} >= {"label", "unsure"}
    text = server.client.get("metrics").text
    sums = {
        line.split()[0]: float(line.split()[1])
        for line in text.splitlines()
        if "batch" in line and line[0] != "#"
    }
    images = sums['tellapart_batch_images_sum{model="clothes"}']
    assert images > sums['tellapart_batch_images_count{model="clothes"}']


def test_several_pictures_in_a_form_are_answered_in_order(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    found = _answers(server.client.post("v1/predict", files=_form(pictures[:9])))
    _assert_alike(found, predictor.predict(pictures[:9]))
    assert [answer.name for answer in found] == [f"{n}.png" for n in range(9)]


def test_pictures_in_json_are_answered_in_order(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    images = [{"name": "a", "data": base64.b64encode(file).decode()} for file in pictures[:3]]
    found = _answers(server.client.post("v1/predict", json={"images": images}))
    _assert_alike(found, predictor.predict(pictures[:3]))
    assert [answer.name for answer in found] == ["a"] * 3


def test_one_bad_picture_among_several_fails_alone(server: Running, pictures: list[bytes]) -> None:
    found = _answers(
        server.client.post("v1/predict", files=_form([pictures[0], b"no picture", pictures[1]]))
    )
    assert [answer.verdict == "error" for answer in found] == [False, True, False]
    assert found[1].error == "unknown-format: no known picture format."
    assert found[1].name == "1.png"


def test_a_bad_picture_as_the_body_is_a_problem(server: Running, pictures: list[bytes]) -> None:
    cut = pictures[0][:-40]
    for content, word in ((b"no picture", "unknown-format"), (cut, "truncated")):
        response = server.client.post("v1/predict", content=content)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert word in problem["detail"]
        assert problem["status"] == 422
        assert problem["request_id"] == response.headers["x-request-id"]


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(server: Running) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < 100_000
    response = server.client.post("v1/predict", content=bomb.getvalue())
    assert response.status_code == 422
    assert "too-large" in response.json()["detail"]


def test_the_user_may_choose_how_many_classes_and_always_an_answer(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    unsure = next(f for f in pictures if predictor.predict(f).verdict == "unsure")
    ask = server.client.post
    (usual,) = _answers(ask("v1/predict", content=unsure, params={"top": 10}))
    assert usual.verdict == "unsure"
    assert len(usual.choices) == 10
    (forced,) = _answers(ask("v1/predict", content=unsure, params={"always_answer": True}))
    assert forced.verdict == "label"
    (bold,) = _answers(ask("v1/predict", content=unsure, params={"risk": 0.5, "top": 1}))
    _assert_alike([bold], [predictor.predict(unsure, risk=0.5, top=1)])


def test_wishes_that_differ_are_answered_each_in_its_way_at_once(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    wishes: list[dict[str, Any]] = [{}, {"top": 1}, {"always_answer": True}, {"risk": 0.4}]

    def ask(place: int) -> Prediction:
        params = wishes[place % 4]
        return _answers(server.client.post("v1/predict", content=pictures[place], params=params))[0]

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(ask, range(64)))
    wanted = [predictor.predict(pictures[place], **wishes[place % 4]) for place in range(64)]
    _assert_alike(found, wanted)


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"top": 0}, "top"),
        ({"risk": 2}, "risk"),
        ({"risk": 0.1, "always_answer": True}, "exclude"),
        ({"always_answer": "perhaps"}, "always_answer"),
    ],
)
def test_wishes_that_cannot_be_granted_are_a_problem(
    server: Running, pictures: list[bytes], params: dict[str, Any], word: str
) -> None:
    response = server.client.post("v1/predict", content=pictures[0], params=params)
    assert response.status_code == 400
    assert word in response.json()["detail"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "image/png", 400),
        (b"x", "text/html", 415),
        (b"{", "application/json", 400),
        (b'{"images": []}', "application/json", 400),
        (b'{"images": [{"data": "", "path": "/etc/passwd"}]}', "application/json", 400),
        (b"[" * 10_000, "application/json", 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=b", 400),
        (b"--b--", "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="url"\r\n\r\nhttp://x/y\r\n--b--',
            "multipart/form-data; boundary=b",
            400,
        ),
    ],
)
def test_other_bodies_are_a_problem(
    server: Running, content: bytes, kind: str, status: int
) -> None:
    response = server.client.post("v1/predict", content=content, headers={"content-type": kind})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_a_heat_map_comes_as_a_picture(
    server: Running, predictor: Predictor, pictures: list[bytes]
) -> None:
    response = server.client.post("v1/explain", content=pictures[0])
    assert response.status_code == 200, response.text
    found = response.json()
    wanted = predictor.explain(pictures[0], method="occlusion", check=False)
    assert found["label"] == wanted.label
    overlay = Image.open(io.BytesIO(base64.b64decode(found["overlay"])))
    assert (overlay.size, overlay.mode) == ((28, 28), "RGB")
    red, _, blue = np.asarray(overlay).transpose(2, 0, 1)
    assert (red != blue).any()
    other = server.client.post("v1/explain", content=pictures[0], params={"class_name": "Bag"})
    assert other.json()["label"] == "Bag"


def test_what_cannot_be_explained_is_a_problem(server: Running, pictures: list[bytes]) -> None:
    ask = server.client.post
    assert ask("v1/explain", content=b"no picture").status_code == 422
    response = ask("v1/explain", content=pictures[0], params={"class_name": "Bagg"})
    assert response.status_code == 400
    assert "Did you mean 'Bag'?" in response.json()["detail"]
    assert ask("v1/explain", files=_form(pictures[:2])).status_code == 415


def test_the_card_says_what_is_known_of_the_classifier(
    server: Running, predictor: Predictor
) -> None:
    listed = server.client.get("v1/models").json()
    assert [model["name"] for model in listed["models"]] == ["clothes"]
    assert listed["keeps_unsure"] is False
    card = server.client.get("v1/models/clothes").json()
    assert card["class_names"] == list(predictor.class_names)
    scores = predictor.manifest.scores
    assert scores is not None
    assert f"{scores.accuracy:.1%} of 200 test images" in card["facts"]["Accuracy"]
    assert card["recipe"] == "guide"
    assert card["version"] == listed["models"][0]["version"]
    response = server.client.get("v1/models/cloths")
    assert response.status_code == 404
    assert "Did you mean 'clothes'?" in response.json()["detail"]
