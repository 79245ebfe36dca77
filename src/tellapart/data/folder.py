"""Data sets from a folder with one folder of pictures a class."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tellapart.data.dataset import Dataset
from tellapart.data.samples import Samples, order_class_names
from tellapart.data.stores import FileImages
from tellapart.errors import DataError
from tellapart.images.kinds import SUFFIXES


def from_folder(root: Path) -> Dataset:
    """Return the data set in the pictures `root/CLASS/*`; all of it is to train on.

    Files in a class folder are taken in the order of their names; hidden ones and
    other kinds are left alone.

    Raises:
        DataError: There are no class folders, or no pictures in them.
    """
    try:
        folders = [p for p in root.iterdir() if p.is_dir() and not p.name.startswith(".")]
        files = {folder.name: _pictures_in(folder) for folder in folders}
    except OSError as error:
        raise DataError(
            f"Cannot read the folder {error.filename or root}: {error.strerror}."
        ) from error
    names = order_class_names([name for name, paths in files.items() if paths])
    wrong = [name for name in names if not name.isprintable()]
    if wrong:
        raise DataError(
            f"The folder of a class must have a name in UTF-8. Received: {wrong[0]!r} in {root}."
        )
    if not names:
        kinds = ", ".join(sorted(SUFFIXES))
        raise DataError(
            f"{root} must hold one folder a class with pictures ({kinds}) in it. "
            f"Received: class folders: {len(folders)}, pictures in them: 0."
        )
    paths = [(path, number) for number, name in enumerate(names) for path in files[name]]
    train = Samples(
        FileImages(root, tuple(path.relative_to(root) for path, _ in paths)),
        np.array([number for _, number in paths], np.int64),
        names,
        "train",
    )
    full = root.resolve()
    remarks = _left_alone(root, files)
    return Dataset(full.name or "folder", names, {"train": train}, str(root), str(full), remarks)


def _pictures_in(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if not e.name.startswith(".") and e.is_file()]
    pictures = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    return [folder / name for name in sorted(pictures)]


def _left_alone(root: Path, files: Mapping[str, Sequence[Path]]) -> tuple[str, ...]:
    """Return what lies in the folder and is not used, counted by kind."""
    used = {path for paths in files.values() for path in paths}
    homes = [root, *(root / name for name in files)]
    others = [p for home in homes for p in home.iterdir() if p not in used]
    kinds = Counter(
        "folders in class folders" if p.is_dir() else p.suffix.lower() or "files without an ending"
        for p in others
        if not (p.is_dir() and p.parent == root and p.name in files)
    )
    empty = [name for name, paths in files.items() if not paths]
    remarks = []
    if kinds:
        listed = ", ".join(f"{kind}: {count:,}" for kind, count in sorted(kinds.items()))
        remarks.append(f"Left alone, since they are no picture in a class folder: {listed}.")
    if empty:
        remarks.append(f"Folders without a picture, which are no class: {', '.join(empty)}.")
    return tuple(remarks)
