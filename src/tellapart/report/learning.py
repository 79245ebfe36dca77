"""Whether more pictures would help, drawn."""

import numpy as np

from tellapart.evaluate.learning import LearningCurve
from tellapart.figures import Picture
from tellapart.report.palette import CHANCE, TRAINING


def draw_learning_curve(curve: LearningCurve) -> Picture:
    """Return accuracy against the number of training pictures; the bars are 95% intervals.

    The dotted line is the fitted law, one doubling beyond what was trained on.
    """
    figure = Picture(6.5, 4.5)
    axes = figure.subplots()
    values = np.array([one.value for one in curve.accuracies])
    reach = [
        values - [one.low for one in curve.accuracies],
        [one.high for one in curve.accuracies] - values,
    ]
    x = np.geomspace(curve.sizes[0], 2 * curve.sizes[-1], 100)
    law = 1 - curve.floor - curve.scale * x**-curve.exponent
    axes.plot(x, law, ":", color=CHANCE, label="error = floor + scale × size^-exponent")
    axes.errorbar(
        curve.sizes, values, reach, fmt="o", color=TRAINING, capsize=3, label="trained and scored"
    )
    axes.set_xscale("log", base=2)
    axes.set_xticks([*curve.sizes, 2 * curve.sizes[-1]])
    axes.set_xticklabels([f"{size:,}" for size in (*curve.sizes, 2 * curve.sizes[-1])])
    axes.minorticks_off()
    axes.set_xlabel("pictures to train on")
    axes.set_ylabel("accuracy")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
