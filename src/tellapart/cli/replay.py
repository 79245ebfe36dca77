"""`tellapart replay`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tellapart.cli import options
from tellapart.cli.console import field_value, show, show_json
from tellapart.errors import BundleError

if TYPE_CHECKING:
    from tellapart.workflow.replay import Replay


def replay(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The folder of a finished run.")],
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="The folder for the new run. Default: beside RUN."),
    ] = None,
    data: options.DataFolder = None,
    backend: Annotated[
        str | None,
        typer.Option(help="Keras' backend: tensorflow, jax or torch. Default: that of RUN."),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a run again from its folder, and compare bit for bit.

    Exit code 0 says that weights, history and scores are equal, 4 that they are not. The old
    folder is not changed. The backend is the old run's, unless another one is named.

    \b
    Example:
      tellapart replay runs/fashion-mnist-1
    """
    from tellapart.workflow.replay import replay as work

    found = work(run, output=output, data_folder=data, backend=backend, quiet=quiet)
    if json:
        show_json(found)
    else:
        _show(found)
    if not found.equal:
        raise BundleError(str(found))


def _show(found: "Replay") -> None:
    weights, epoch = found.weights, found.first_different_epoch
    show(f"weights   {_describe_weights(found) if weights.differing else 'equal, bit for bit'}")
    show(f"history   {f'differs from epoch {epoch} on' if epoch else 'equal, to the last digit'}")
    show(f"scores    {'differ' if found.scores else 'equal, to the last digit'}")
    for one in (*found.scores, *found.circumstances):
        show(f"  {one.field}: {field_value(one.a)}, now {field_value(one.b)}")
    show(f"\nrun       {found.run}\nreplay    {found.replay}")
    if found.equal:
        show(str(found))


def _describe_weights(found: "Replay") -> str:
    weights = found.weights
    most = weights.largest_difference
    size = "not the same tensors" if most is None else f"by up to {most:.2g}"
    return f"{weights.differing} of {weights.tensors} tensors differ, {size}"
