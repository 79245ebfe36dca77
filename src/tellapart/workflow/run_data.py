"""The data of a finished run, found and prepared again."""

from tellapart.data.prepare import Prepared
from tellapart.errors import DataError
from tellapart.progress import open_progress
from tellapart.train.runs import RunFolder
from tellapart.workflow.labels import patch_as_in
from tellapart.workflow.preparing import load_again, prepare_data


def data_of_run(folder: RunFolder, *, quiet: bool = False) -> Prepared:
    """Return what a run was trained and scored on.

    Args:
        folder: The run's.
        quiet: Show no progress.

    Raises:
        DataError: The data are in nobody's reach, or are no longer the run's.
        BundleError: This is no run's folder.
    """
    recipe, record = folder.recipe(), folder.record()
    if record.source is None:
        raise DataError(f"The run {folder.path} was trained on arrays in memory.")
    data = patch_as_in(folder, load_again(record.source, record, recipe, quiet=quiet))
    found = prepare_data(data, recipe, open_progress(quiet=quiet), strict=record.strict)
    if found.fingerprint != record.fingerprint:
        raise DataError(f"{data.origin} has changed since the run {folder.path}.")
    return found
