"""Scoring from Python: what it agrees with, and what it refuses."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.errors import DataError
from tellapart.evaluate.record import Evaluation
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run

pytestmark = pytest.mark.core


def test_it_agrees_with_what_keras_says_of_the_same_network(
    run: Run, slice_of_fashion: Dataset
) -> None:
    network = run.model.network
    network.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    test = slice_of_fashion.test
    loss, accuracy = network.evaluate(test.decode(ImageSpec()).pixels, test.targets, verbose=0)
    found = tellapart.evaluate(network, test, quiet=True)
    assert found.loss == pytest.approx(loss, rel=1e-4)
    assert found.accuracy.value == pytest.approx(accuracy, abs=1e-6)
    assert found.accuracy.low < found.accuracy.value < found.accuracy.high


def test_pictures_that_it_may_have_been_trained_on_are_marked_so(
    run: Run, slice_of_fashion: Dataset
) -> None:
    found = tellapart.evaluate(run, slice_of_fashion, split="train", quiet=True)
    assert "may have been trained on" in found.note
    assert "may have" not in tellapart.evaluate(run, slice_of_fashion, quiet=True).note


def test_bundle_predictor_and_keras_model_get_the_same_scores(
    run: Run, slice_of_fashion: Dataset
) -> None:
    by_path = tellapart.evaluate(run.path / "model.tellapart", slice_of_fashion, quiet=True)
    by_predictor = tellapart.evaluate(run.model, slice_of_fashion, quiet=True)
    changed = {"note": by_predictor.note, "looks": None, "calibration": by_predictor.calibration}
    assert by_path.model_copy(update=changed) == by_predictor
    assert by_path.confusion == run.evaluation.confusion
    network = tellapart.evaluate(run.model.network, slice_of_fashion.test, quiet=True)
    assert network.confusion == run.evaluation.confusion


def test_the_record_on_disk_is_the_record_in_memory(run: Run) -> None:
    text = (run.path / "evaluation.json").read_text("utf-8")
    assert Evaluation.from_json(text) == run.evaluation
    assert tellapart.open_run(run.path).evaluation == run.evaluation


def test_the_bundle_carries_the_headline(run: Run) -> None:
    scores = run.model.manifest.scores
    assert scores is not None
    assert scores.accuracy == run.evaluation.accuracy.value
    assert scores.samples == 200


def test_classes_are_matched_by_name_not_by_number(run: Run, slice_of_fashion: Dataset) -> None:
    test = slice_of_fashion.test
    pixels = test.decode(ImageSpec()).pixels
    reversed_names = slice_of_fashion.class_names[::-1]
    shuffled = from_arrays({"train": (pixels, 9 - test.targets)}, reversed_names, name="shuffled")
    found = tellapart.evaluate(run.model, shuffled, quiet=True)
    assert found.confusion == run.evaluation.confusion


def test_a_class_that_the_model_does_not_know_is_refused_by_name(run: Run) -> None:
    data = from_arrays({"train": (np.zeros((2, 28, 28), np.uint8), ["Bag", "Hat"])})
    with pytest.raises(DataError, match="does not know: Hat. It knows: T-shirt/top"):
        tellapart.evaluate(run.model, data, quiet=True)


def test_a_folder_without_splits_is_scored_whole_and_bad_files_are_counted(
    run: Run, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    test = slice_of_fashion.test
    chosen = [i for i, label in enumerate(test.labels) if label in ("Bag", "Coat")]
    pixels = test.decode(ImageSpec()).pixels
    for index in chosen:
        folder = tmp_path / test.labels[index]
        folder.mkdir(exist_ok=True)
        Image.fromarray(pixels[index, :, :, 0]).save(folder / f"{index}.png")
    (tmp_path / "Bag" / "broken.png").write_bytes(b"no picture")
    found = tellapart.evaluate(run.model, tmp_path, quiet=True)
    assert found.samples == len(chosen)
    assert found.split == "all"
    assert found.note == "Pictures that could not be read: 1."
    rows = {score.name: score.support for score in found.classes}
    assert rows["Bag"] + rows["Coat"] == len(chosen)
