"""The predictor's answers."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import ImageError, UsageError
from tellapart.predict.inputs import Item
from tellapart.predict.opening import open_predictor
from tellapart.predict.prediction import Prediction
from tellapart.predict.predictor import Predictor
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run

pytestmark = pytest.mark.core


@pytest.fixture(scope="module", params=["onnx", "keras"])
def model(run: Run, request: pytest.FixtureRequest) -> Predictor:
    """Return what answers by itself, and the same on Keras."""
    if request.param == "onnx":
        return run.model
    return open_predictor(run.path / "model.tellapart", backend=keras.backend.backend())


@pytest.fixture(scope="module")
def pixels(slice_of_fashion: Dataset) -> np.ndarray:
    return slice_of_fashion.test.decode(ImageSpec()).pixels


def test_one_picture_gives_one_answer_and_several_give_a_list(
    model: Predictor, pixels: np.ndarray
) -> None:
    one = model.predict(pixels[0])
    assert isinstance(one, Prediction)
    many = model.predict(pixels[:3])
    assert [type(answer) for answer in many] == [Prediction] * 3
    assert many[0].label == one.label


def test_the_answer_is_ranked_and_its_length_is_top(model: Predictor, pixels: np.ndarray) -> None:
    answer = model.predict(pixels[0], top=10)
    shares = [choice.probability for choice in answer.choices]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0, abs=1e-5)
    assert {choice.label for choice in answer.choices} == set(model.class_names)
    assert len(model.predict(pixels[0], top=2).choices) == 2


def test_n_pictures_at_once_are_answered_as_n_single_ones(
    model: Predictor, pixels: np.ndarray
) -> None:
    together = model.probabilities(pixels[:37])
    alone = np.concatenate([model.probabilities(pixels[i : i + 1]) for i in range(37)])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_more_than_a_batch_is_answered_in_order(model: Predictor, pixels: np.ndarray) -> None:
    many = np.concatenate([pixels, pixels])
    found = model.probabilities(many)
    assert found.shape == (400, 10)
    np.testing.assert_allclose(found[:200], found[200:], atol=1e-6)
    assert model.probabilities(many[:0]).shape == (0, 10)


def test_it_answers_as_plain_keras_does(model: Predictor, pixels: np.ndarray) -> None:
    wanted = model.network.predict(pixels, verbose=0)
    np.testing.assert_allclose(model.probabilities(pixels), wanted, atol=1e-5)


def test_a_png_of_an_image_is_answered_as_the_image(model: Predictor, pixels: np.ndarray) -> None:
    file = io.BytesIO()
    Image.fromarray(pixels[5, :, :, 0]).save(file, "PNG")
    assert (
        model.predict(file.getvalue(), top=10).choices == model.predict(pixels[5], top=10).choices
    )


def test_a_bad_picture_is_an_error_row_and_the_others_are_answered(
    model: Predictor, pixels: np.ndarray
) -> None:
    good, bad, also_good = model.predict([pixels[0], b"no picture", pixels[1]])
    assert (good.error, also_good.error) == (None, None)
    assert (bad.label, bad.probability, bad.choices) == (None, None, ())
    assert (bad.name, bad.error) == ("picture 1", "unknown-format: no known picture format.")


def test_only_bad_pictures_are_only_error_rows(model: Predictor) -> None:
    assert [a.error is not None for a in model.predict([b"no", b""])] == [True, True]


def test_one_bad_picture_alone_is_raised(model: Predictor, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"nowhere\.png.*missing") as caught:
        model.predict(tmp_path / "nowhere.png")
    assert caught.value.exit_code == 3


def test_pixels_scaled_to_one_are_refused_with_the_fix(
    model: Predictor, pixels: np.ndarray
) -> None:
    with pytest.raises(ImageError, match=r"0–1.*images \* 255"):
        model.predict(pixels[0] / 255.0)


def test_pixels_of_another_shape_are_refused_where_no_fitting_is_asked_for(
    model: Predictor,
) -> None:
    with pytest.raises(UsageError, match=r"\(n, 28, 28, 1\).*Received: \(1, 20, 20, 1\)"):
        model.probabilities(np.zeros((1, 20, 20, 1), np.uint8))


def test_top_below_one_is_refused(model: Predictor) -> None:
    with pytest.raises(UsageError, match="at least 1. Received: 0"):
        list(model.predict_items([Item("a", b"")], top=0))


def test_the_golden_examples_are_answered_as_after_training(model: Predictor) -> None:
    replay = model.replay_golden()
    assert replay.examples == 200
    assert replay.passed


def test_predict_takes_the_path_of_a_bundle(run: Run, pixels: np.ndarray) -> None:
    answer = tellapart.predict(run.path / "model.tellapart", pixels[0])
    assert answer.label == run.model.predict(pixels[0]).label
