"""The page about a run, made at its end and on request."""

from pathlib import Path

from tellapart.errors import TellapartError
from tellapart.files import write_numbered, write_whole
from tellapart.progress import open_progress
from tellapart.train.runs import RunFolder
from tellapart.workflow.predict import open_model
from tellapart.workflow.run_data import data_of_run
from tellapart.workflow.runs import Run, draw_pictures, open_run
from tellapart.workflow.story import page_of


def report(
    run: str | Path | Run,
    *,
    output: str | Path | None = None,
    trust: bool = False,
    backend: str | None = None,
    quiet: bool = False,
) -> Path:
    """Write the page about a finished run, and return where it lies.

    It is one HTML file that needs nothing else: no network, no script. `train` writes it
    too; this makes it anew, with what `inspect` has found in the data since. Where the
    data are out of reach, the page says so and shows no pictures.

    Args:
        run: A finished run, or its folder.
        output: Where the page goes; by default `report.html` in the run's folder, which is
            replaced. Any other file with other content is not: the next free number is taken.
        trust: Build a network of its maker's own, which may run code; not needed for ONNX.
        backend: As in `open_model`.
        quiet: Show no progress.

    Raises:
        BundleError: This is no run, it is not finished, or it is damaged.
        TrustError: Keras answers, the network is its maker's own, and `trust` is false.
        OutputError: The place cannot be written.

    Example:
        `tellapart.report("runs/fashion-mnist-1")`
    """
    path = run.path if isinstance(run, Run) else Path(run)
    found, folder = open_run(path, trust=trust), RunFolder(path)
    progress = open_progress(quiet=quiet)
    predictor = open_model(folder.bundle_path, trust=trust, backend=backend)
    try:
        data, unseen = data_of_run(folder, quiet=quiet), ""
    except TellapartError as error:
        data, unseen = None, str(error)
        progress.say(f"The page shows no pictures. {error}")
    page = page_of(found, predictor, data, draw_pictures(found), unseen).encode()
    if output is None:
        return write_whole(folder.report_path, page)
    return write_numbered(Path(output), page)
