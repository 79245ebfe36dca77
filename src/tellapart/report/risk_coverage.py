"""How seldom a classifier errs when it answers its surest images only."""

from tellapart.evaluate.record import Evaluation
from tellapart.figures import Picture
from tellapart.report.palette import CHANCE, RISK


def draw_risk_coverage(evaluation: Evaluation) -> Picture:
    """Return the share of wrong answers against the share of images answered.

    Args:
        evaluation: It must not be older than its risk–coverage curve.
    """
    found, wrong = evaluation.risk_coverage, 1 - evaluation.accuracy.value
    figure = Picture(6, 4.5)
    axes = figure.subplots()
    axes.axhline(100 * wrong, ls=":", color=CHANCE, label=f"all answered: {wrong:.2%} wrong")
    if found is not None:
        x, y = ([100 * value for value in line] for line in (found.curve.x, found.curve.y))
        axes.plot(x, y, color=RISK, label=f"surest first: {found.area:.2%} wrong on average")
    axes.set_xlim(0, 101)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("images answered, surest first (%)")
    axes.set_ylabel("wrong among them (%)")
    axes.set_title(f"{evaluation.samples:,} {evaluation.split} images")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="center left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure
