"""Data sets from tables: CSV, TSV, JSON Lines and Parquet, one picture a row."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tellapart.data.assemble import Listing, assemble
from tellapart.data.columns import Table
from tellapart.data.csv_rows import parse_csv
from tellapart.data.dataset import Dataset
from tellapart.data.decided import by_decisions, is_of_decisions
from tellapart.data.filed import FileImages
from tellapart.data.groups import MOST_NAMED, find_labels
from tellapart.data.layout import Layout
from tellapart.data.parquet import read_parquet
from tellapart.data.stores import ImageStore
from tellapart.errors import DataError


def from_table(
    path: Path, layout: Layout | None = None, class_names: Sequence[str] | None = None
) -> Dataset:
    """Return the data set of a table with a picture a row.

    Args:
        path: A file with an ending of `TABLES`.
        layout: Which column holds what, and where paths start; what it leaves open is
            guessed, and said in a remark.
        class_names: All classes in their order; labels that are numbers are positions
            in it then.

    Raises:
        DataError: The file is damaged, or has no columns for pictures and labels.
        MissingExtraError: Parquet, and pyarrow is not installed.
    """
    asked = layout or Layout()
    table = TABLES[path.suffix.lower()](path, asked.root or path.parent)
    return _named(to_dataset(table, asked, class_names), path, asked, class_names)


def from_parquet_folder(
    root: Path,
    paths: Sequence[Path],
    layout: Layout | None = None,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Return the data set of all Parquet files in a folder, as Hugging Face exports one.

    Raises:
        DataError: A file is damaged, or they do not fit together.
        MissingExtraError: pyarrow is not installed.
    """
    asked = layout or Layout()
    table = read_parquet(paths, root, asked.root or root)
    return _named(to_dataset(table, asked, class_names), root, asked, class_names)


def images_in(
    path: Path, layout: Layout | None = None
) -> tuple[ImageStore, tuple[str, ...] | None]:
    """Return the pictures of a table, whatever else it has; labels are not needed.

    Beside them: their paths as the table has them, below its root unless they are absolute; or
    `None` where it holds no paths.

    Args:
        path: A file with an ending of `TABLES`.
        layout: The column of the pictures, and where paths start; guessed by default.

    Raises:
        DataError: The file is damaged, or has no column for pictures.
        MissingExtraError: Parquet, and pyarrow is not installed.
    """
    asked = layout or Layout()
    table = TABLES[path.suffix.lower()](path, asked.root or path.parent)
    chosen, _ = asked.choose(table.columns, table.title, needs_label=False)
    images = table.images(chosen.image)
    cells = table.columns[chosen.image]
    if not isinstance(images, FileImages):
        return images, None
    return images, tuple(str(table.root / cell) for cell in cells)


def to_dataset(table: Table, layout: Layout, class_names: Sequence[str] | None = None) -> Dataset:
    """Return the data set that a table holds.

    Raises:
        DataError: It has no rows, or no columns for pictures and labels; or it is one of
            corrections, and nothing is decided.
    """
    decided: tuple[str, ...] = ()
    if is_of_decisions(table, layout):
        table, decided = by_decisions(table)
    chosen, remarks = layout.choose(table.columns, table.title)
    if not len(table.columns[chosen.image]):
        raise DataError(f"{table.origin} must have a row for each picture. Received: no row.")
    images = table.images(chosen.image)
    names = None if chosen.label_from else table.class_names.get(chosen.label)
    labels = _labels(table, chosen, images)
    listing = Listing(
        name=Path(table.title).stem,
        origin=table.origin,
        images=images,
        labels=labels,
        splits=table.texts(chosen.split),
        groups=table.texts(chosen.group),
        has_numbers=names is not None and table.has_numbers(chosen.label),
        remarks=(*decided, *remarks, *_named_again(images, labels)),
    )
    return assemble(listing, class_names or names, chosen)


def _named_again(images: ImageStore, labels: Sequence[str]) -> tuple[str, ...]:
    """Return a remark on files that several rows name, by whichever labels."""
    found: dict[str, list[str]] = {}
    if isinstance(images, FileImages):
        for index, label in enumerate(labels):
            if label.strip():
                found.setdefault(images.key(index), []).append(label)
    again = {key: sorted(set(said)) for key, said in found.items() if len(said) > 1}
    odd = [f"{key} ({', '.join(said)})" for key, said in again.items() if len(said) > 1]
    if not again:
        return ()
    more = f" and {len(odd) - MOST_NAMED:,} more" if len(odd) > MOST_NAMED else ""
    contradicting = f"; with labels that differ: {', '.join(odd[:MOST_NAMED])}{more}" if odd else ""
    return (f"Pictures that several rows name: {len(again):,}{contradicting}.",)


def _named(data: Dataset, path: Path, layout: Layout, class_names: Sequence[str] | None) -> Dataset:
    """Return the data set with the path that alone finds it again, if it does."""
    is_enough = layout == Layout() and class_names is None
    return replace(data, source=str(path.resolve())) if is_enough else data


def _labels(table: Table, layout: Layout, images: ImageStore) -> list[str]:
    """Return the class names by the layout's pattern where it has one, else by its column."""
    if not layout.label_from:
        return table.texts(layout.label) or []
    return find_labels(layout.label_from, images)


def _read_csv(path: Path, root: Path) -> Table:
    """Return a table of text with a line of names, whose cells a comma or so parts."""
    between = "\t" if path.suffix.lower() == ".tsv" else ""
    names, rows = parse_csv(_read_text(path), str(path), between)
    columns = {name: [row.cells[place] for row in rows] for place, name in enumerate(names)}
    return Table(path.name, str(path), root, columns)


def _read_jsonl(path: Path, root: Path) -> Table:
    """Return a table with a JSON object a line; a cell that a line lacks is `None`."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"Line {number} of {path} must be JSON. Received: {error}.") from error
        if not isinstance(row, dict):
            raise DataError(
                f"Line {number} of {path} must be a JSON object. Received: {line[:60]}."
            )
        rows.append(row)
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return Table(path.name, str(path), root, columns)


def _read_parquet(path: Path, root: Path) -> Table:
    return read_parquet([path], path, root)


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} must be text in UTF-8. Received: {error}. Fix: save it as UTF-8."
        ) from error


TABLES: Mapping[str, Callable[[Path, Path], Table]] = MappingProxyType(
    {
        ".csv": _read_csv,
        ".tsv": _read_csv,
        ".jsonl": _read_jsonl,
        ".ndjson": _read_jsonl,
        ".parquet": _read_parquet,
    }
)
"""Each ending of a table's file, and what reads it, given the folder that paths start from."""
