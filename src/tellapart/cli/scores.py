"""How an evaluation looks in a terminal."""

import math

from tellapart.cli.console import percent, show, show_table
from tellapart.evaluate.record import Evaluation

_MOST_CLASSES = 50


def show_evaluation(found: Evaluation) -> None:
    """Write the scores by class, the most confused pairs, and the headline."""
    shown = sorted(found.classes, key=lambda s: math.inf if s.f1 is None else s.f1)[:_MOST_CLASSES]
    chosen = [score for score in found.classes if score in shown]
    title = "" if len(shown) == len(found.classes) else f"the {len(shown)} worst classes"
    rows = [
        (s.name, percent(s.precision), percent(s.recall), percent(s.f1), f"{s.support:,}")
        for s in chosen
    ]
    heads = ("class", "precision", "recall", "F1", "images")
    show_table(heads, rows, title=title, numbers=range(1, 5))
    if found.confused:
        pairs = [
            (p.target, p.predicted, f"{p.count:,}", percent(p.share)) for p in found.confused[:5]
        ]
        confused = ("most confused: true", "predicted", "images", "of the class")
        show_table(confused, pairs, numbers=(2, 3))
    show(
        f"{found.split} accuracy {found.accuracy}\n{found.split} loss {found.loss:.4f}   "
        f"on {found.samples:,} images of {found.data}"
    )
    if found.note:
        show(found.note)
    if found.clean:
        show(str(found.clean))
