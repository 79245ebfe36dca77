"""How well each class is ranked before all others."""

from typing import Literal

from matplotlib.axes import Axes

from tellapart.evaluate.parts import ClassCurves
from tellapart.evaluate.record import ClassScore, Evaluation
from tellapart.figures import Picture
from tellapart.report.palette import CHANCE, DISTINCT

MOST_LINES = 10
"""Of more classes the worst are drawn."""

_STYLES = ("-", "--")


def draw_roc(evaluation: Evaluation) -> Picture:
    """Return the ROC and the precision–recall curve of each class, side by side.

    Args:
        evaluation: It must not be older than its curves.
    """
    figure = Picture(11.5, 5)
    left, right = figure.subplots(1, 2)
    scores = {score.name: score for score in evaluation.classes}
    ranked = sorted(evaluation.curves, key=lambda curves: _area(scores[curves.name]))
    chosen = {curves.name for curves in ranked[:MOST_LINES]}
    drawn = [curves for curves in evaluation.curves if curves.name in chosen]
    for place, curves in enumerate(drawn):
        _draw_class(left, right, curves, scores[curves.name], place)
    left.plot([0, 1], [0, 1], ":", color=CHANCE)
    _name(left, "false positive rate", "true positive rate", "lower right")
    _name(right, "recall", "precision", "lower left")
    of_all = (
        "" if len(drawn) == len(scores) else f", the {len(drawn)} worst of {len(scores)} classes"
    )
    figure.suptitle(f"{evaluation.samples:,} {evaluation.split} images{of_all}")
    return figure


def _draw_class(
    left: Axes, right: Axes, curves: ClassCurves, score: ClassScore, place: int
) -> None:
    colour = DISTINCT[place % len(DISTINCT)]
    style = _STYLES[place // len(DISTINCT) % len(_STYLES)]
    areas = (score.roc_area, score.average_precision)
    pairs = zip((left, right), (curves.roc, curves.precision_recall), areas, strict=True)
    for axes, curve, area in pairs:
        label = f"{curves.name} ({area:.3f})" if area is not None else curves.name
        axes.plot(curve.x, curve.y, style, color=colour, lw=1.3, label=label)


def _name(axes: Axes, x: str, y: str, corner: Literal["lower right", "lower left"]) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        legend = axes.legend(frameon=False, loc=corner, fontsize=8, title="area")
        for text in legend.get_texts():
            text.set_parse_math(False)
    axes.spines[["top", "right"]].set_visible(False)


def _area(score: ClassScore) -> float:
    return 1.0 if score.roc_area is None else score.roc_area
