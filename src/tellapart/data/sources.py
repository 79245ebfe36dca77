"""Find the data set that a name, a path or arrays stand for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tellapart.data.arrays import from_arrays, from_npz
from tellapart.data.dataset import Dataset
from tellapart.data.fetch import Places, fetch_known, usual_places
from tellapart.data.folder import from_folder
from tellapart.data.known import KNOWN, find_known
from tellapart.errors import DataError, did_you_mean
from tellapart.progress import SILENCE, Progress


def open_dataset(
    source: Any,
    *,
    class_names: Sequence[str] | None = None,
    places: Places | None = None,
    progress: Progress = SILENCE,
) -> Dataset:
    """Return the data set that `source` stands for.

    Args:
        source: The name of a known data set, the path of an `.npz` file or of a folder
            with one folder a class, a pair `(images, labels)`, two such pairs (to train
            and to test, as Keras' `load_data` returns them), a mapping of such pairs by
            split, or a `Dataset`.
        class_names: The name of each class number, for arrays.
        places: Where to look for known data sets; by default the usual ones.
        progress: Where long work shows itself.

    Raises:
        DataError: There is nothing of this name, or it cannot be used.
    """
    if isinstance(source, Dataset):
        return source
    if isinstance(source, str | Path):
        return _open_named(str(source), class_names, places or usual_places(), progress)
    if isinstance(source, Mapping):
        return from_arrays(source, class_names)
    match source:
        case ((train_x, train_y), (test_x, test_y)):
            pairs = {"train": (train_x, train_y), "test": (test_x, test_y)}
        case (images, labels):
            pairs = {"train": (images, labels)}
        case _:
            raise DataError(
                "A data set must be a name, a path, (images, labels), or "
                f"((images, labels), (images, labels)). Received: {type(source).__name__}."
            )
    return from_arrays(pairs, class_names)


def _open_named(
    source: str, class_names: Sequence[str] | None, places: Places, progress: Progress
) -> Dataset:
    known = find_known(source)
    if known is not None:
        contents, origin = fetch_known(known, places, progress)
        return known.to_dataset(contents, origin)
    try:
        path = Path(source).expanduser()
        is_folder, is_file, is_there = path.is_dir(), path.is_file(), path.exists()
    except (OSError, RuntimeError) as error:
        raise DataError(f"Cannot look for a data set at '{source}': {error}.") from error
    if is_folder:
        return from_folder(path)
    if path.suffix == ".npz" and is_file:
        return from_npz(path, class_names)
    if is_there:
        raise DataError(
            f"{source} must be a folder with one folder a class, or an .npz file. "
            "Received: another kind of file."
        )
    raise DataError(
        f"There is no data set and no folder or file '{source}'. {did_you_mean(source, KNOWN)}"
    )
