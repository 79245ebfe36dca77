"""`tellapart compare`."""

from typing import Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import show, show_json, show_table


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN_A RUN_B...", help="The folders of finished runs.")
    ],
    trust: options.Trust = False,
    backend: options.Runtime = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Say which of two or more runs is better, never calling noise a gain.

    Each two are compared on the same test images by McNemar's test, corrected for the number
    of pairs. `tellapart diff` says what else differs between two.

    \b
    Example:
      tellapart compare runs/fashion-mnist-1 runs/fashion-mnist-2
    """
    from tellapart.workflow.compare import compare as work

    found = work(*runs, trust=trust, backend=backend, quiet=quiet)
    if json:
        show_json(found)
        return
    rows = [
        (name, f"{one.value:.2%}", f"{one.low:.2%} to {one.high:.2%}")
        for name, one in zip(found.runs, found.accuracies, strict=True)
    ]
    show_table(("run", "test accuracy", "95% interval"), rows, numbers=(1,))
    pairs = [
        (
            pair.a,
            pair.b,
            f"{pair.paired.difference.value:+.2%}",
            f"{pair.paired.difference.low:+.2%} to {pair.paired.difference.high:+.2%}",
            "< 0.001" if pair.p_value < 0.001 else f"{pair.p_value:.3f}",
            pair.better or "neither",
        )
        for pair in found.pairs
    ]
    heads = ("A", "B", "B - A", "95% interval", "p", "better by more than noise")
    show_table(heads, pairs, numbers=(2, 4))
    show(found.conclusion)
