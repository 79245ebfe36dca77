"""The plot of the confusion matrix: every number in its cell, every name as it is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import evaluate_probabilities
from tellapart.figures import Picture
from tellapart.report.confusion import draw_confusion

NAMES = ["cat", "dog", "fox"]


def evaluation_of(targets: list[int], predicted: list[int], names: list[str]) -> Evaluation:
    return evaluate_probabilities(np.array(targets), np.eye(len(names))[predicted], names)


def drawn() -> Picture:
    return draw_confusion(evaluation_of([0] * 4 + [1] * 4, [0, 0, 0, 2, 1, 1, 0, 0], NAMES))


def colours_of(picture: Picture) -> NDArray[np.float64]:
    return np.asarray(picture.axes[0].images[0].get_array())


def test_numbers_stand_in_the_row_of_the_true_class() -> None:
    texts = {text.get_position(): text.get_text() for text in drawn().axes[0].texts}
    assert texts == {(0, 0): "3", (2, 0): "1", (0, 1): "2", (1, 1): "2"}


def test_colours_are_shares_of_the_true_class_from_0_to_1() -> None:
    picture = drawn()
    assert colours_of(picture).tolist() == [[0.75, 0, 0.25], [0.5, 0.5, 0], [0, 0, 0]]
    assert picture.axes[0].images[0].get_clim() == (0, 1)
    assert picture.axes[1].get_ylabel() == "share of the true class"


def test_numbers_on_dark_ground_are_white() -> None:
    colours = {text.get_text(): text.get_color() for text in drawn().axes[0].texts}
    assert colours == {"3": "white", "1": "black", "2": "black"}


def test_both_axes_name_the_classes_and_the_title_the_accuracy() -> None:
    axes = drawn().axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == NAMES
    assert [label.get_text() for label in axes.get_yticklabels()] == NAMES
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "true")
    assert axes.get_title() == "62.50% right of 8"


@pytest.mark.parametrize("name", [r"$\nonsense$", "cost_in_$", "100% wool", "_under", "a^b_c"])
def test_class_names_are_drawn_as_they_are(name: str) -> None:
    picture = draw_confusion(evaluation_of([0, 1], [0, 1], [name, "dog"]))
    axes = picture.axes[0]
    for label in (axes.get_xticklabels()[0], axes.get_yticklabels()[0]):
        assert label.get_text() == name
        assert not label.get_parse_math()
    assert picture.to_png(40).startswith(b"\x89PNG")


@pytest.mark.parametrize(("classes", "numbers"), [(25, 25), (26, 0)])
def test_above_25_classes_the_numbers_are_left_out(classes: int, numbers: int) -> None:
    everything = list(range(classes))
    names = [f"class {number}" for number in everything]
    axes = draw_confusion(evaluation_of(everything, everything, names)).axes[0]
    assert len(axes.texts) == numbers
    assert len(axes.get_xticklabels()) == classes


def test_the_figure_grows_with_the_classes_up_to_a_limit() -> None:
    sizes = []
    for classes in (2, 20, 60, 100):
        names = [f"class {number}" for number in range(classes)]
        sizes.append(draw_confusion(evaluation_of([0], [0], names)).get_size_inches()[1])
    assert sizes == [5.0, 13.5, 24.0, 24.0]
