"""Accuracy and loss over the epochs, training against validation."""

from matplotlib.ticker import MaxNLocator

from tellapart.figures import Picture
from tellapart.report.palette import TRAINING, VALIDATION
from tellapart.train.history import History


def draw_curves(history: History, validation: str = "validation") -> Picture:
    """Return accuracy and loss side by side, training against validation.

    Args:
        history: The epochs.
        validation: What the validation images are called, such as "validation (test images)".
    """
    figure = Picture(10, 4)
    epochs = history["epoch"]
    for axes, column in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        axes.plot(epochs, history[column], "o-", color=TRAINING, label="training")
        axes.plot(epochs, history[f"val_{column}"], "s--", color=VALIDATION, label=validation)
        axes.set_title(column.capitalize())
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
