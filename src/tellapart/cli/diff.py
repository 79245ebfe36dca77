"""`tellapart diff`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import field_value, show, show_json, show_table

if TYPE_CHECKING:
    from tellapart.workflow.diff import RunDiff
    from tellapart.workflow.differences import Difference

_MOST_CLASSES = 5


def diff(
    a: Annotated[str, typer.Argument(metavar="RUN_A", help="The folder of a finished run.")],
    b: Annotated[str, typer.Argument(metavar="RUN_B", help="The folder of another one.")],
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Tell what differs between two runs, and whether it is more than noise.

    Shows recipe, data, versions and scores; the accuracies are compared on the same test
    images, with McNemar's test and a 95% interval.

    \b
    Example:
      tellapart diff runs/fashion-mnist-1 runs/fashion-mnist-2
    """
    from tellapart.workflow.diff import diff as work

    found = work(a, b, trust=trust, backend=backend, quiet=quiet)
    if json:
        show_json(found)
    else:
        _show(found)


def _show(found: "RunDiff") -> None:
    show(f"A  {found.a}\nB  {found.b}\n")
    sections = {"recipe": found.recipe, "data": found.data, "versions": found.circumstances}
    rows = [
        (section, one.field, *map(_cell, (one.a, one.b)))
        for section, fields in sections.items()
        for one in fields
    ]
    if rows:
        show_table(("", "what differs", "A", "B"), rows)
    same = [section for section, fields in sections.items() if not fields]
    if same:
        show(f"the same: {', '.join(same)}")
    if not found.weights.differing:
        show("the same, bit for bit: the weights")
    show_table(("score", "A", "B", "B - A"), map(_score_row, _chosen(found)), numbers=(1, 2, 3))
    if found.paired is not None:
        pair = found.paired
        show(
            f"the same {pair.samples:,} test images: both right {pair.both:,}, only A "
            f"{pair.only_a:,}, only B {pair.only_b:,}, neither {pair.neither:,}"
        )
    show(found.conclusion)
    for note in found.notes:
        show(note)


def _chosen(found: "RunDiff") -> "list[Difference]":
    """Return accuracy, loss, and the classes whose scores differ most."""
    totals, classes = found.scores[:2], found.scores[2:]
    ranked = sorted(classes, key=lambda one: -abs(_change(one) or 0.0))
    return [*totals, *(one for one in ranked[:_MOST_CLASSES] if one.a != one.b)]


def _change(one: "Difference") -> float | None:
    if isinstance(one.a, float) and isinstance(one.b, float):
        return one.b - one.a
    return None


def _score_row(one: "Difference") -> tuple[str, ...]:
    change = _change(one)
    cells = ("–" if not isinstance(n, float) else f"{n:.4f}" for n in (one.a, one.b))
    return (one.field, *cells, "–" if change is None else f"{change:+.4f}")


def _cell(value: object) -> str:
    """Return a field's value; of a fingerprint, its beginning."""
    text = field_value(value)
    return text if len(text) < 64 or " " in text or "/" in text else f"{text[:12]}…"
