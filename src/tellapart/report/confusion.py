"""Which classes are taken for which."""

import numpy as np

from tellapart.evaluate.record import Evaluation
from tellapart.figures import Picture
from tellapart.report.palette import CONFUSION

_MOST_NUMBERS = 25


def draw_confusion(evaluation: Evaluation) -> Picture:
    """Return the confusion matrix: colour is the share of the true class, numbers are counts.

    Above 25 classes the numbers are left out, since nobody could read them.
    """
    counts = np.array(evaluation.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names, size = evaluation.class_names, len(counts)
    side = min(max(5.0, 2.5 + 0.55 * size), 24.0)
    figure = Picture(side + 0.8, side)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap=CONFUSION, vmin=0, vmax=1)
    axes.set_xticks(range(size), names, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(range(size), names, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{evaluation.accuracy.value:.2%} right of {evaluation.samples:,}")
    figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    if size <= _MOST_NUMBERS:
        for row, column in zip(*np.nonzero(counts), strict=True):
            dark = shares[row, column] > 0.5
            axes.text(
                column,
                row,
                f"{counts[row, column]}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if dark else "black",
            )
    return figure
