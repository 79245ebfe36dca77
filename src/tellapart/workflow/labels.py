"""The corrections of labels that a run was trained with: kept in its folder, read from there."""

from dataclasses import replace

from tellapart.data.dataset import Dataset
from tellapart.data.patch import parse_patch
from tellapart.errors import BundleError
from tellapart.files import write_whole
from tellapart.train.runs import RunFolder


def keep_patch(folder: RunFolder, data: Dataset) -> None:
    """Write the data set's corrections of labels into a run's folder, byte for byte.

    Raises:
        OutputError: The place cannot be written.
    """
    if data.patch is not None:
        write_whole(folder.patch_path, data.patch.raw)


def patch_as_in(folder: RunFolder, data: Dataset) -> Dataset:
    """Return a data set with the corrections of labels that a run was trained with, if any.

    Raises:
        BundleError: They are missing from the run's folder, or are no longer the same.
        DataError: They are no such file.
    """
    labels = folder.record().labels
    if labels is None:
        return data
    path = folder.patch_path
    try:
        patch = parse_patch(path.read_bytes(), str(path))
    except OSError as error:
        raise BundleError(
            f"The run {folder.path} was trained with corrections of labels, and {path} cannot be "
            f"read: {error.strerror}."
        ) from error
    if patch.digest != labels.digest:
        raise BundleError(
            f"{path} must be what the run was trained with, of SHA-256 {labels.digest[:12]}…. "
            f"Received: {patch.digest[:12]}…. Fix: put the old one back."
        )
    return replace(data, patch=patch)
