"""Data sets from folders: one folder a class, with or without a folder for each split."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tellapart.data.assemble import Listing, assemble
from tellapart.data.dataset import Dataset
from tellapart.data.filed import FileImages
from tellapart.data.layout import SPLIT_WORDS, Layout
from tellapart.data.ledger import Entry
from tellapart.data.samples import natural_key, order_class_names
from tellapart.data.walk import Walked, kind_of_ending, walk
from tellapart.errors import DataError
from tellapart.images.kinds import SUFFIXES

MOST_NAMED = 10


@dataclass(frozen=True)
class _Place:
    """One picture in a class folder: its path below the root, its class and its split."""

    path: str
    label: str
    split: str
    is_deep: bool


def from_folder(
    root: Path, layout: Layout | None = None, class_names: Sequence[str] | None = None
) -> Dataset:
    """Return the data set in `root/CLASS/…` or `root/{train,val,test}/CLASS/…`.

    A folder's pictures are those with an ending of `SUFFIXES`, at any depth below the
    class folder, in the order of their paths. All else is in the data set's `unused`.

    Args:
        root: The folder.
        layout: How to find groups in the pictures' paths.
        class_names: All classes in their order; by default, in natural order, those to
            train on.

    Raises:
        DataError: There are no class folders, no pictures in them, a class that the
            training pictures lack, or class folders beside those of splits.
    """
    return from_walked(root, walk(root), layout or Layout(), class_names)


def from_walked(
    root: Path, found: Walked, layout: Layout, class_names: Sequence[str] | None = None
) -> Dataset:
    """Return what `from_folder` does, of a folder that is walked already."""
    splits = _split_folders(root, found)
    places, outside = _places(root, found.pictures, splits)
    _check_classes(root, places, splits, found)
    names = order_class_names([place.label for place in places])
    order = {name: number for number, name in enumerate(names)}
    places.sort(key=lambda place: (order[place.label], place.path))
    full = root.resolve()
    unused = (*found.others, *outside)
    listing = Listing(
        name=full.name or "folder",
        origin=str(root),
        images=FileImages(root, tuple(Path(place.path) for place in places)),
        labels=[place.label for place in places],
        splits=[place.split for place in places] if splits else None,
        source=str(full) if class_names is None else None,
        remarks=(*left_alone(unused), *_of_folders(found, places, splits)),
        unused=unused,
    )
    return assemble(listing, class_names, layout)


def left_alone(unused: Sequence[Entry]) -> tuple[str, ...]:
    """Return a remark on what is not used, counted by kind, or none."""
    kinds = Counter(
        kind_of_ending(entry.file) if entry.reason == "not-a-picture" else _WORDS[entry.reason]
        for entry in unused
        if entry.reason != "labels-file"
    )
    if not kinds:
        return ()
    listed = ", ".join(f"{kind}: {count:,}" for kind, count in sorted(kinds.items()))
    return (f"Left alone: {listed}.",)


_WORDS: Mapping[str, str] = {
    "hidden": "hidden",
    "system-file": "files of the operating system",
    "not-a-file": "broken links and the like",
    "seen-before": "links to folders that are read already",
    "outside-class": "pictures outside any class folder",
    "no-label": "pictures without a label",
}


def _split_folders(root: Path, found: Walked) -> dict[str, str]:
    """Return which folders hold splits: those of such a name with class folders in them."""
    parts = [path.split("/") for path in found.pictures]
    tops = {path[0] for path in parts if len(path) > 1}
    deep = {path[0] for path in parts if len(path) > 2}
    splits = {name: SPLIT_WORDS[name.lower()] for name in deep if name.lower() in SPLIT_WORDS}
    if not splits:
        return {}
    flat = sorted(name for name in tops - set(splits) if name.lower() in SPLIT_WORDS)
    beside = sorted(tops - {*splits, *flat}, key=natural_key)
    if beside:
        raise DataError(
            f"{root} must hold folders of splits or of classes. Received: both, "
            f"{', '.join(sorted(splits))} beside {', '.join(beside[:MOST_NAMED])}. Fix: move the "
            "class folders into train/, or, if it is a class, give that folder another name."
        )
    if flat:
        raise DataError(
            f"Each folder of a split in {root} must hold class folders. Received: pictures right "
            f"in {', '.join(flat)}. Fix: put them into class folders or, without labels, "
            "elsewhere; if it is a class, give that folder another name."
        )
    double = [name for name, split in splits.items() if list(splits.values()).count(split) > 1]
    if double:
        raise DataError(
            f"{root} must hold one folder a split. Received: {', '.join(sorted(double))}, which "
            "are names of one split. Fix: put them together."
        )
    return splits


def _places(
    root: Path, pictures: Sequence[str], splits: Mapping[str, str]
) -> tuple[list[_Place], list[Entry]]:
    """Return the pictures in class folders, and the entries of those outside."""
    places, outside = [], []
    for path in pictures:
        parts = path.split("/")
        split = splits.get(parts[0], "train") if len(parts) > 1 else "train"
        below = parts[1:] if splits and len(parts) > 1 else parts
        if len(below) < 2:
            detail = "it lies in no class folder."
            outside.append(Entry(str(root / path), "skipped", "outside-class", detail))
        else:
            places.append(_Place(path, below[0], split, is_deep=len(below) > 2))
    return places, outside


def _class_folders(found: Walked, splits: Mapping[str, str]) -> set[str]:
    """Return the names of all folders where a class may lie."""
    depth = 2 if splits else 1
    paths = [path.split("/") for path in found.folders]
    return {path[-1] for path in paths if len(path) == depth and (not splits or path[0] in splits)}


def _check_classes(
    root: Path, places: Sequence[_Place], splits: Mapping[str, str], found: Walked
) -> None:
    """Raise `DataError` for no class at all, one with the classes inside, or an odd name."""
    names = order_class_names([place.label for place in places])
    if not names:
        kinds = ", ".join(sorted(SUFFIXES))
        raise DataError(
            f"{root} must hold one folder a class with pictures ({kinds}) in it. "
            f"Received: class folders: {len(_class_folders(found, splits))}, pictures in them: 0."
        )
    wrong = [name for name in names if any("\ud800" <= sign <= "\udfff" for sign in name)]
    if wrong:
        raise DataError(
            f"The folder of a class must have a name in UTF-8. Received: {wrong[0]!r} in {root}."
        )
    if len(names) == 1 and all(place.is_deep for place in places) and not splits:
        raise DataError(
            f"A classifier needs at least two classes. Received: {names[0]} in {root}, with "
            f"folders in it. Fix: if those are the classes, open {root / names[0]}"
        )


def _of_folders(
    found: Walked, places: Sequence[_Place], splits: Mapping[str, str]
) -> tuple[str, ...]:
    """Return remarks on folders that are no class, that look like a split, and within classes."""
    names = {place.label for place in places}
    empty = sorted(_class_folders(found, splits) - names, key=natural_key)
    words = sorted(name for name in names if name.lower() in SPLIT_WORDS)
    deep = Counter(place.label for place in places if place.is_deep)
    remarks = []
    if empty:
        remarks.append(f"Folders without a picture, which are no class: {_some(empty)}.")
    if words:
        remarks.append(f"Taken for classes, since pictures lie right in them: {_some(words)}.")
    if deep:
        counts = [f"{name}: {count:,}" for name, count in sorted(deep.items())]
        remarks.append(f"Pictures in folders within a class folder count to it: {_some(counts)}.")
    return tuple(remarks)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
