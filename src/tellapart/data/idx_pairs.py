"""Data sets from pairs of IDX files, as the MNIST family has them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.idx import parse_idx, read_content
from tellapart.data.layout import SPLIT_WORDS
from tellapart.errors import DataError

_IMAGES = re.compile(r"(?P<split>[A-Za-z0-9]+)[-_]images[-._]idx3[-._]ubyte(\.gz)?")


def find_idx_pairs(root: Path) -> dict[str, tuple[Path, Path]]:
    """Return the files of images and labels by split; empty where a folder has none.

    Raises:
        DataError: Images without their labels, or two files for one split.
    """
    found: dict[str, tuple[Path, Path]] = {}
    for path in sorted(root.iterdir()):
        match = _IMAGES.fullmatch(path.name)
        word = match["split"].lower() if match else ""
        split = "test" if word == "t10k" else SPLIT_WORDS.get(word)
        if split is None:
            continue
        if split in found:
            raise DataError(
                f"{root} must hold one file of images a split. Received: {found[split][0].name} "
                f"and {path.name}. Fix: move one of them away."
            )
        base = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
        both = [root / f"{base}{ending}" for ending in ("", ".gz")]
        labels = next((file for file in both if file.is_file()), None)
        if labels is None:
            raise DataError(f"{root} holds {path.name} but no {base}, plain or as .gz.")
        found[split] = (path, labels)
    return found


def from_idx_pairs(
    root: Path,
    pairs: dict[str, tuple[Path, Path]],
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Return the data set of such files: `train-images-idx3-ubyte.gz` and so on.

    Raises:
        DataError: A file is damaged, or pictures and labels do not fit.
    """

    def read(path: Path) -> Any:
        return parse_idx(read_content(path), str(path))

    splits = {split: (read(images), read(labels)) for split, (images, labels) in pairs.items()}
    full = root.resolve()
    data = from_arrays(splits, class_names, name=full.name or "idx", origin=str(root))
    return replace(data, source=str(full) if class_names is None else None)
