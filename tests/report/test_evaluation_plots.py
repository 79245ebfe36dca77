"""The plots of reliability, of risk and coverage, and of the ROC: drawn from the record."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from scipy.special import softmax

from tellapart.evaluate.calibration import BINS
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_probabilities
from tellapart.report.reliability import draw_reliability
from tellapart.report.risk_coverage import draw_risk_coverage
from tellapart.report.roc import MOST_LINES, draw_roc


def evaluation_of(classes: int = 3, temperature: float | None = None) -> Evaluation:
    generator = np.random.default_rng(0)
    logits = 2 * generator.normal(size=(900, classes))
    targets = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    names = [f"class_{number}$" for number in range(classes)]
    rows = softmax(2 * logits, axis=1)
    return evaluate_probabilities(targets, rows, names, About(temperature=temperature))


def legend_of(axes: Axes) -> list[Text]:
    legend = axes.get_legend()
    assert legend is not None
    return legend.get_texts()


def test_reliability_shows_each_bin_before_and_after() -> None:
    found = evaluation_of(temperature=2.0)
    axes = draw_reliability(found).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert labels[0] == "as sure as right"
    assert labels[1].startswith("as the network answers: off by ")
    assert labels[2].startswith("at temperature 2.00: off by ")
    assert found.calibration is not None
    _, before, after = (
        np.asarray(line.get_xdata())
        for line in axes.lines
        if len(np.asarray(line.get_xdata())) in (2, BINS) and line.get_linestyle() != "None"
    )
    assert [one.confidence for one in found.calibration.before.bins] == before.tolist()
    assert after.max() < before.max()


def test_without_a_temperature_there_is_one_curve() -> None:
    assert len(draw_reliability(evaluation_of()).axes[0].containers) == 1


def test_risk_and_coverage_are_in_percent_beside_the_error_of_all() -> None:
    found = evaluation_of()
    axes = draw_risk_coverage(found).axes[0]
    everything, curve = axes.lines
    wrong = 100 * (1 - found.accuracy.value)
    assert np.asarray(everything.get_ydata())[0] == pytest.approx(wrong)
    assert np.asarray(curve.get_xdata())[-1] == 100
    assert np.asarray(curve.get_ydata())[-1] == pytest.approx(wrong, abs=0.01)


def test_roc_names_the_area_of_each_class_as_it_is_called() -> None:
    found = evaluation_of()
    left, right = draw_roc(found).axes
    for axes, score in ((left, "roc_area"), (right, "average_precision")):
        texts = legend_of(axes)
        expected = [f"{one.name} ({getattr(one, score):.3f})" for one in found.classes]
        assert [text.get_text() for text in texts] == expected
        assert not texts[0].get_parse_math()
    assert draw_roc(found).to_png(40).startswith(b"\x89PNG")


def test_of_many_classes_the_worst_are_drawn() -> None:
    found = evaluation_of(14)
    picture = draw_roc(found)
    assert len(picture.axes[1].lines) == MOST_LINES
    worst = min(found.classes, key=lambda one: one.roc_area or 1.0)
    drawn = [text.get_text() for text in legend_of(picture.axes[0])]
    assert any(text.startswith(worst.name) for text in drawn)
    assert picture.get_suptitle() == "900 test images, the 10 worst of 14 classes"
