"""Find the data set that a name, a path, arrays or rows stand for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.data.arrays import from_arrays, from_npz
from tellapart.data.dataset import Dataset
from tellapart.data.fetch import Places, fetch_known, usual_places
from tellapart.data.folder import from_walked, left_alone
from tellapart.data.hub import from_hub, from_pairs, is_hub
from tellapart.data.idx_pairs import find_idx_pairs, from_idx_pairs
from tellapart.data.known import KNOWN, find_known
from tellapart.data.labels import by_labels_file, by_pattern, find_labels_file
from tellapart.data.layout import Layout
from tellapart.data.tables import TABLES, from_parquet_folder, from_table
from tellapart.data.walk import Walked, walk
from tellapart.errors import DataError, did_you_mean
from tellapart.progress import SILENCE, Progress


def open_dataset(
    source: Any,
    *,
    class_names: Sequence[str] | None = None,
    places: Places | None = None,
    progress: Progress = SILENCE,
    layout: Layout | None = None,
) -> Dataset:
    """Return the data set that `source` stands for.

    Args:
        source: One of

            - the name of a known data set;
            - the path of a folder: with a folder a class, with one a split and in it one a
              class, flat with a table of labels, with Parquet or with IDX files;
            - the path of a table (CSV, TSV, JSON Lines, Parquet) or of an `.npz` file;
            - a pair `(images, labels)`, two such pairs (to train and to test, as Keras'
              `load_data` returns them), or a mapping of such pairs by split;
            - a `Dataset` or `DatasetDict` of Hugging Face's `datasets`;
            - any other iterable of pairs `(image, label)`;
            - a `Dataset` of ours.
        class_names: The name of each class number, or all class names in their order.
        places: Where to look for known data sets; by default the usual ones.
        progress: Where long work shows itself.
        layout: Which columns, root and patterns to read by; by default they are guessed.

    Raises:
        DataError: There is nothing of this name, or it cannot be used.
        UsageError: The layout says what such a source cannot honour.
        MissingExtraError: Parquet, and pyarrow is not installed.
    """
    asked = layout or Layout()
    if isinstance(source, Dataset):
        if asked != source.layout:
            asked.check_fits("a data set that is open already")
        return source
    if isinstance(source, str | Path):
        return _open_named(source, class_names, asked, places, progress)
    if is_hub(source):
        return from_hub(source, asked, class_names)
    asked.check_fits("arrays or pairs")
    splits = _as_splits(source)
    if splits is not None:
        return from_arrays(splits, class_names)
    if isinstance(source, Iterable) and not _is_columns(source):
        return from_pairs(source, class_names)
    raise DataError(
        "A data set must be a name, a path, (images, labels), "
        "((images, labels), (images, labels)), or an iterable of (image, label). "
        f"Received: {type(source).__name__}."
    )


def _open_named(
    source: str | Path,
    class_names: Sequence[str] | None,
    layout: Layout,
    places: Places | None,
    progress: Progress,
) -> Dataset:
    """Return the data set of a name or a path."""
    known = find_known(str(source))
    if known is not None:
        layout.check_fits("a known data set")
        contents, origin = fetch_known(known, places or usual_places(), progress)
        return known.to_dataset(contents, origin)
    found = _open_path(str(source), class_names, layout)
    if class_names is not None:
        return replace(found, source=None)
    full = str(Path(source).expanduser().resolve())
    return replace(found, source=full, layout=layout)


def _as_splits(source: Any) -> Mapping[str, Any] | None:
    """Return pairs of arrays by split, or `None` where there are none."""
    match source:
        case Mapping():
            return source
        case ((train_x, train_y), (test_x, test_y)):
            return {"train": (train_x, train_y), "test": (test_x, test_y)}
        case (images, labels):
            return {"train": (images, labels)}
        case _:
            return None


def _is_columns(source: Any) -> bool:
    """Return whether something is one array, or some of them, instead of pairs."""
    return isinstance(source, np.ndarray | bytes) or (
        isinstance(source, tuple) and any(isinstance(item, np.ndarray) for item in source)
    )


def _open_path(source: str, class_names: Sequence[str] | None, layout: Layout) -> Dataset:
    try:
        path = Path(source).expanduser()
        is_folder, is_file, is_there = path.is_dir(), path.is_file(), path.exists()
    except (OSError, RuntimeError) as error:
        raise DataError(f"Cannot look for a data set at '{source}': {error}.") from error
    if is_folder:
        return _open_folder(path, class_names, layout)
    if is_file and path.suffix.lower() == ".npz":
        layout.check_fits("an .npz file")
        return from_npz(path, class_names)
    if is_file and path.suffix.lower() in TABLES:
        return from_table(path, layout, class_names)
    if is_there:
        raise DataError(
            f"{source} must be a folder of pictures, a table ({', '.join(TABLES)}), or an .npz "
            "file. Received: another kind of file."
        )
    raise DataError(
        f"There is no data set and no folder or file '{source}'. {did_you_mean(source, KNOWN)}"
    )


def _open_folder(root: Path, class_names: Sequence[str] | None, layout: Layout) -> Dataset:
    found = walk(root)
    data = None if found.pictures else _open_without_pictures(root, found, class_names, layout)
    if data is not None:
        return data
    if layout.label_from:
        layout.check_fits("a folder whose paths tell the classes", ("label_from", "group_from"))
        return by_pattern(root, found, layout, class_names)
    labels = find_labels_file(root, found)
    if labels is not None:
        return by_labels_file(labels, found, layout, class_names)
    layout.check_fits("a folder of pictures", ("group_from",))
    return from_walked(root, found, layout, class_names)


def _open_without_pictures(
    root: Path, found: Walked, class_names: Sequence[str] | None, layout: Layout
) -> Dataset | None:
    """Return the data set in the IDX or Parquet files of a folder, if there are any."""
    pairs = find_idx_pairs(root)
    if pairs:
        layout.check_fits("a folder of IDX files")
        return from_idx_pairs(root, pairs, class_names)
    files = _parquet_files(found)
    if not files:
        return None
    data = from_parquet_folder(root, files, layout, class_names)
    beside = [entry for entry in found.others if Path(entry.file) not in files]
    unused = (*data.unused, *beside)
    return replace(data, unused=unused, remarks=(*data.remarks, *left_alone(beside)))


def _parquet_files(found: Walked) -> list[Path]:
    paths = [Path(entry.file) for entry in found.others if entry.reason == "not-a-picture"]
    return sorted(path for path in paths if path.suffix.lower() == ".parquet")
