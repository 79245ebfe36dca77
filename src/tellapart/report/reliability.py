"""Whether a classifier is as sure as it is right."""

import numpy as np
from matplotlib.axes import Axes

from tellapart.evaluate.parts import Reliability
from tellapart.evaluate.record import Evaluation
from tellapart.figures import Picture
from tellapart.report.palette import CHANCE, TRAINING, VALIDATION


def draw_reliability(evaluation: Evaluation) -> Picture:
    """Return accuracy against confidence; the bars are 95% intervals.

    Points below the diagonal are answers that are surer than they are right. At the fitted
    temperature, if there is one, they are drawn beside.

    Args:
        evaluation: It must not be older than its calibration.
    """
    found = evaluation.calibration
    figure = Picture(6, 5.5)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], ":", color=CHANCE, label="as sure as right")
    low = 1.0
    if found is not None:
        low = _draw_bins(axes, found.before, "o-", TRAINING, "as the network answers")
        if found.after is not None and found.temperature is not None:
            title = f"at temperature {found.temperature:.2f}"
            low = min(low, _draw_bins(axes, found.after, "s--", VALIDATION, title))
    start = max(0.0, np.floor(10 * low) / 10 - 0.05)
    axes.set_xlim(start, 1.01)
    axes.set_ylim(start, 1.01)
    axes.set_xlabel("mean probability of the answers")
    axes.set_ylabel("share of right answers")
    axes.set_title(f"{evaluation.samples:,} {evaluation.split} images")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _draw_bins(axes: Axes, found: Reliability, style: str, colour: str, title: str) -> float:
    """Draw the bins, and return the least number among them."""
    x = np.array([one.confidence for one in found.bins])
    low, y, high = np.array(
        [[b.accuracy.low, b.accuracy.value, b.accuracy.high] for b in found.bins]
    ).T
    label = f"{title}: off by {found.error.value:.1%}"
    axes.errorbar(x, y, [y - low, high - y], fmt=style, color=colour, label=label, capsize=2, ms=4)
    return float(min(x.min(), low.min()))
