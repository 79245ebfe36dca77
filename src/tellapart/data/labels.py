"""Flat folders of pictures, whose labels stand in their names or in a file beside them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from tellapart.data.assemble import Listing, assemble
from tellapart.data.dataset import Dataset
from tellapart.data.filed import FileImages, real_path
from tellapart.data.folder import left_alone
from tellapart.data.groups import find_labels
from tellapart.data.layout import Layout
from tellapart.data.ledger import Entry
from tellapart.data.tables import TABLES, from_table
from tellapart.data.walk import Walked
from tellapart.errors import DataError


def by_pattern(
    root: Path, found: Walked, layout: Layout, class_names: Sequence[str] | None = None
) -> Dataset:
    """Return the data set of all pictures below a folder, with classes from their paths.

    Args:
        root: The folder.
        found: What lies below it.
        layout: Its `label_from` finds the class name in a path below `root`; where it
            finds none, the picture is left out.
        class_names: All classes in their order.

    Raises:
        UsageError: `label_from` is no regular expression.
        DataError: It finds nothing in any path.
    """
    images = FileImages(root, tuple(map(Path, found.pictures)))
    labels = find_labels(layout.label_from, images)
    full = root.resolve()
    missed = len(labels) - sum(map(bool, labels))
    said = (f"Pictures in whose paths `label_from` finds nothing: {missed:,}.",) if missed else ()
    listing = Listing(
        name=full.name or "folder",
        origin=f"{root}, classes by {layout.label_from!r}",
        images=images,
        labels=labels,
        remarks=(*left_alone(found.others), *said),
        unused=found.others,
    )
    return assemble(listing, class_names, layout)


def find_labels_file(root: Path, found: Walked) -> Path | None:
    """Return the one table that lies beside the pictures of a flat folder, if one does.

    Raises:
        DataError: There are several.
    """
    if not any("/" not in path for path in found.pictures):
        return None
    beside = [Path(entry.file) for entry in found.others if entry.reason == "not-a-picture"]
    tables = [path for path in beside if path.parent == root and path.suffix.lower() in TABLES]
    if len(tables) > 1:
        raise DataError(
            f"One file beside the pictures must hold their labels. Received: "
            f"{', '.join(path.name for path in tables)} in {root}. Fix: open one of them, "
            f"such as {tables[0]}"
        )
    return tables[0] if tables else None


def by_labels_file(
    path: Path, found: Walked, layout: Layout, class_names: Sequence[str] | None = None
) -> Dataset:
    """Return the data set of a table beside pictures; those that it does not name are unused.

    Raises:
        DataError: The table is damaged, or has no columns for pictures and labels.
    """
    data = from_table(path, layout, class_names)
    real = cache(real_path)

    def place(file: str) -> Path:
        return Path(real(Path(file).parent), Path(file).name)

    named = {
        place(samples.images.name(index))
        for samples in data.splits.values()
        for index in range(len(samples))
    } | {place(entry.file) for entry in data.unused}
    others = [_of_labels(path) if entry.file == str(path) else entry for entry in found.others]
    detail = f"{path.name} does not name it."
    pictures = (str(path.parent / name) for name in found.pictures)
    unnamed = [Entry(file, "skipped", "no-label", detail) for file in pictures]
    beside = [entry for entry in (*others, *unnamed) if place(entry.file) not in named]
    unused = (*data.unused, *beside)
    return replace(
        data,
        name=path.resolve().parent.name or data.name,
        source=str(path.resolve().parent) if data.source else None,
        unused=unused,
        remarks=(*data.remarks, *left_alone(unused)),
    )


def _of_labels(path: Path) -> Entry:
    return Entry(str(path), "skipped", "labels-file", "it holds the labels.")
