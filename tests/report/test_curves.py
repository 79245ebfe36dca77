"""The plot of training: the right numbers under the right names."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from tellapart.report.curves import draw_curves
from tellapart.train.history import EpochRecord, History


def history_of(epochs: int) -> History:
    return History(
        tuple(
            EpochRecord(
                epoch=number,
                loss=1 / number,
                accuracy=1 - 0.5 / number,
                val_loss=1.5 / number,
                val_accuracy=0.9 - 0.5 / number,
                seconds=2.0,
                images_per_second=1000.0,
                learning_rate=0.001,
            )
            for number in range(1, epochs + 1)
        )
    )


def ys(line: Line2D) -> list[float]:
    return [float(value) for value in np.asarray(line.get_ydata())]


def test_accuracy_and_loss_stand_side_by_side_training_against_validation() -> None:
    history = history_of(4)
    left, right = draw_curves(history).axes
    assert (left.get_title(), right.get_title()) == ("Accuracy", "Loss")
    for axes, column in ((left, "accuracy"), (right, "loss")):
        training, validation = axes.get_lines()
        assert np.asarray(training.get_xdata()).tolist() == [1, 2, 3, 4]
        assert ys(training) == history[column]
        assert ys(validation) == history[f"val_{column}"]
        assert axes.get_xlabel() == "epoch"


@pytest.mark.parametrize("name", ["validation", "validation (test images)"])
def test_the_legend_says_what_the_validation_images_are(name: str) -> None:
    for axes in draw_curves(history_of(2), name).axes:
        legend = axes.get_legend()
        assert legend is not None
        assert [text.get_text() for text in legend.get_texts()] == ["training", name]


def test_the_two_lines_differ_in_colour_marker_and_dashes() -> None:
    for axes in draw_curves(history_of(3)).axes:
        training, validation = axes.get_lines()
        assert to_hex(training.get_color()) != to_hex(validation.get_color())
        assert training.get_marker() != validation.get_marker()
        assert training.get_linestyle() != validation.get_linestyle()


@pytest.mark.parametrize("epochs", [1, 2, 3, 40])
def test_epochs_are_marked_by_whole_numbers(epochs: int) -> None:
    picture = draw_curves(history_of(epochs))
    assert picture.to_png(40).startswith(b"\x89PNG")
    for axes in picture.axes:
        assert all(tick == round(tick) for tick in axes.get_xticks())


def test_a_history_without_epochs_is_drawn_empty() -> None:
    picture = draw_curves(History())
    assert [ys(line) for axes in picture.axes for line in axes.get_lines()] == [[]] * 4
    assert picture.to_png(40).startswith(b"\x89PNG")
