"""Another program's answers: scored as our own are, and refused where a row is wrong."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import DataError
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.predictions import read_answers
from tellapart.workflow.runs import Run


def write(path: Path, heads: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


@pytest.fixture(scope="module")
def probabilities(run: Run) -> NDArray[np.float32]:
    answers = read_answers(RunFolder(run.path))
    assert answers is not None
    return answers.probabilities


def test_probabilities_from_a_table_in_any_order_get_the_scores_of_the_run(
    run: Run, slice_of_fashion: Dataset, probabilities: NDArray[np.float32], tmp_path: Path
) -> None:
    names = list(slice_of_fashion.class_names)
    order = np.random.default_rng(0).permutation(len(probabilities))
    columns = np.random.default_rng(1).permutation(len(names))
    rows: list[list[object]] = [
        [f"{i}", *(str(p) for p in probabilities[i][columns])] for i in order.tolist()
    ]
    path = write(tmp_path / "theirs.csv", ["image", *(names[c] for c in columns)], rows)
    found = tellapart.evaluate_predictions(path, slice_of_fashion)
    assert found.confusion == run.evaluation.confusion
    assert found.loss == pytest.approx(run.evaluation.loss, rel=1e-4)
    assert found.baselines[0] == run.evaluation.baselines[0]
    assert "another program, from theirs.csv" in found.note


def test_answers_alone_about_files_are_found_by_any_of_their_names(
    slice_of_fashion: Dataset, in_tmp: Path
) -> None:
    test = slice_of_fashion.test
    pixels, labels = test.decode(ImageSpec()).pixels, test.labels
    chosen = [i for i, label in enumerate(labels) if label in ("Bag", "Coat")][:12]
    for i in chosen:
        folder = in_tmp / "photos" / labels[i]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[i, :, :, 0]).save(folder / f"{i}.png")
    keys = [f"{labels[i]}/{i}.png" for i in chosen]
    absolute = [str(in_tmp / "photos" / key) for key in keys]
    for names in (keys, absolute, [f"photos/{key}" for key in keys]):
        rows: list[list[object]] = [[name, "Bag"] for name in names]
        path = write(in_tmp / "answers.csv", ["Path", "prediction"], rows)
        found = tellapart.evaluate_predictions(path, "photos", quiet=True)
        bags = sum(labels[i] == "Bag" for i in chosen)
        assert found.accuracy.value == bags / len(chosen)
        assert found.loss is None


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([[i, "Bag"] for i in range(199)], "rows of which 199 are missing"),
        ([*([i, "Bag"] for i in range(200)), [7, "Bag"]], "7 stand there more than once"),
        ([*([i, "Bag"] for i in range(200)), [200, "Bag"]], "200 name no test image"),
        ([[i, "Bug"] for i in range(200)], "Received: 'Bug' in row 1. Did you mean 'Bag'"),
    ],
)
def test_rows_that_do_not_fit_the_images_are_named(
    rows: list[list[object]], what: str, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    path = write(tmp_path / "answers.csv", ["image", "label"], rows)
    with pytest.raises(DataError, match=what):
        tellapart.evaluate_predictions(path, slice_of_fashion)


@pytest.mark.parametrize(
    ("heads", "cells", "what"),
    [
        (["image", "score"], ["1"], "a column for the answer, called label"),
        (["what", "label"], ["Bag"], "a column for the image, called image"),
        (["image", "Bag"], ["1"], "Received: none for T-shirt/top, Trouser, Pullover and 6 more"),
    ],
)
def test_a_table_without_its_columns_is_refused(
    heads: list[str], cells: list[str], what: str, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    rows: list[list[object]] = [[i, *cells] for i in range(200)]
    with pytest.raises(DataError, match=what):
        tellapart.evaluate_predictions(write(tmp_path / "a.csv", heads, rows), slice_of_fashion)


@pytest.mark.parametrize(
    ("cell", "what"),
    [("0.5", "sum to 1. Received: a sum of 5 in row 1"), ("x", "must hold numbers.*'x' in row 1")],
)
def test_what_is_no_probability_is_refused(
    cell: str, what: str, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    heads = ["image", *slice_of_fashion.class_names]
    rows: list[list[object]] = [[i, *[cell] * 10] for i in range(200)]
    with pytest.raises(DataError, match=what):
        tellapart.evaluate_predictions(write(tmp_path / "a.csv", heads, rows), slice_of_fashion)


def test_what_is_no_table_is_refused(slice_of_fashion: Dataset) -> None:
    with pytest.raises(DataError, match=r"ending in .csv.*Received: answers.txt"):
        tellapart.evaluate_predictions("answers.txt", slice_of_fashion)
