"""How an evaluation looks in a terminal."""

import math
from collections.abc import Iterator

from tellapart.cli.console import percent, show, show_table
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.record import Evaluation

_MOST_CLASSES = 50
_MOST_SLICES = 5


def show_evaluation(found: Evaluation) -> None:
    """Write the scores by class, the most confused pairs, the scores over all, the headline."""
    _show_classes(found)
    if found.confused:
        pairs = [
            (p.target, p.predicted, f"{p.count:,}", percent(p.share)) for p in found.confused[:5]
        ]
        confused = ("most confused: true", "predicted", "images", "of the class")
        show_table(confused, pairs, numbers=(2, 3))
    show_table(("score", "", "95% interval"), _rows(found), numbers=(1,))
    _show_slices(found)
    if found.is_skewed and found.balanced_accuracy is not None:
        show(f"{found.split} balanced accuracy {found.balanced_accuracy} (classes are skewed)")
    of_whom = f"{found.samples:,} images of {found.data}"
    if found.groups is not None:
        of_whom += f" in {found.groups:,} groups"
    loss = "" if found.loss is None else f"{found.split} loss {found.loss:.4f}   "
    show(f"{found.split} accuracy {found.accuracy}\n{loss}on {of_whom}")
    if found.answers is not None:
        show(str(found.answers))
    if found.note:
        show(found.note)
    if found.clean:
        show(str(found.clean))


def _show_classes(found: Evaluation) -> None:
    shown = sorted(found.classes, key=lambda s: math.inf if s.f1 is None else s.f1)[:_MOST_CLASSES]
    chosen = [score for score in found.classes if score in shown]
    title = "" if len(shown) == len(found.classes) else f"the {len(shown)} worst classes"
    rows = [
        (s.name, percent(s.precision), percent(s.recall), percent(s.f1), f"{s.support:,}")
        for s in chosen
    ]
    heads = ("class", "precision", "recall", "F1", "images")
    show_table(heads, rows, title=title, numbers=range(1, 5))


def _rows(found: Evaluation) -> Iterator[tuple[str, str, str]]:
    """Yield the scores over all classes, those of simple ways, and how far off the sureness is."""
    top = found.top_k
    shares = {
        "balanced accuracy": found.balanced_accuracy,
        "macro F1": found.macro_f1,
        f"true class among the first {top.k if top else 0}": top.score if top else None,
        "mean ROC area": found.roc_area,
    }
    yield "accuracy", *_as_percent(found.accuracy)
    for name, interval in shares.items():
        if interval is not None:
            yield name, *_as_percent(interval)
    for name, interval in {"log loss": found.log_loss, "Brier score": found.brier}.items():
        if interval is not None:
            yield name, f"{interval.value:.4f}", f"{interval.low:.4f} to {interval.high:.4f}"
    if found.calibration is not None:
        yield "calibration error", *_as_percent(found.calibration.before.error)
        if found.calibration.after is not None:
            name = f"calibration error at temperature {found.calibration.temperature:.2f}"
            yield name, *_as_percent(found.calibration.after.error)
    for baseline in found.baselines:
        yield f"accuracy of {baseline.name}", *_as_percent(baseline.accuracy)


def _show_slices(found: Evaluation) -> None:
    """Write which pictures are answered worse than the rest."""
    rows = [
        (
            f"{one.fact} {one.low:,.4g} to {one.high:,.4g}",
            f"{one.samples:,}",
            percent(one.accuracy.value),
            percent(one.rest.value),
            "< 0.001" if one.p_value < 0.001 else f"{one.p_value:.3f}",
        )
        for one in found.slices[:_MOST_SLICES]
    ]
    if rows:
        heads = (f"worse, of {found.slices_tried} slices", "images", "accuracy", "the rest", "p")
        show_table(heads, rows, numbers=range(1, 5))


def _as_percent(interval: Interval) -> tuple[str, str]:
    return f"{interval.value:.2%}", f"{interval.low:.2%} to {interval.high:.2%}"
