"""Score the answers of another program, from a table that it wrote."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.data.columns import Table
from tellapart.data.layout import Layout
from tellapart.data.samples import Indices, Samples
from tellapart.data.tables import TABLES
from tellapart.errors import DataError, did_you_mean
from tellapart.evaluate.baselines import majority_baseline
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_answers, evaluate_probabilities
from tellapart.workflow.background import group_numbers, sizes_of
from tellapart.workflow.choosing import choose_samples

IMAGE_COLUMNS = ("image", "path", "file", "filename", "name", "id", "key", "index")
LABEL_COLUMNS = ("label", "class", "prediction", "predicted", "answer")

_MOST_NAMED = 3
_NEAR_1 = 0.02
"""How far the probabilities of a row may sum to something else, as they do when rounded."""


def evaluate_predictions(
    predictions: str | Path,
    data: Any,
    *,
    split: str | None = None,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    quiet: bool = False,
) -> Evaluation:
    r"""Return all scores of another program's answers about some samples.

    Args:
        predictions: A table (CSV, TSV, JSON Lines, Parquet) with one row for each sample. A
            column called image, path or the like names it: by its path, absolute, or from
            the folder of the data, or by its position for arrays. Either each class has a
            column of its name with probabilities, or a column called label or the like
            holds the answers; then there are no scores of probabilities.
        data: A `Samples`, such as `data.test`, a `Dataset`, or what `load` takes.
        split: Which split of a data set; by default "test", or all where there is none.
        layout: Which columns, root and patterns to read the data by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        quiet: Show no progress.

    Raises:
        DataError: A row is missing, double, of no sample, or cannot be read; the message
            names it.

    Example:
        >>> import tempfile, tellapart
        >>> test = tellapart.load("fashion-mnist").test.take(np.arange(3))
        >>> path = Path(tempfile.mkdtemp()) / "answers.csv"
        >>> _ = path.write_text("image,label\n0,Ankle boot\n1,Pullover\n2,Pullover\n")
        >>> found = evaluate_predictions(path, test)
        >>> round(found.accuracy.value, 2), found.loss
        (0.67, None)
    """
    table = _read(Path(predictions))
    chosen = choose_samples(data, split, layout=layout, data_folder=data_folder, quiet=quiet)
    samples = chosen.samples
    rows = _rows_of(table, samples)
    targets = samples.targets
    groups = group_numbers(samples.groups)
    train = None if chosen.train is None else chosen.train.targets
    about = About(
        data=chosen.name,
        split=samples.split,
        note=f"The answers are those of another program, from {table.title}.",
        groups=groups,
        baselines=(majority_baseline(train, targets, groups),),
        facts=sizes_of(samples, np.arange(len(samples))),
    )
    found = _probabilities(table, samples.class_names)
    if found is not None:
        return evaluate_probabilities(targets, found[rows], samples.class_names, about)
    answers = _answers(table, samples.class_names)
    return evaluate_answers(targets, answers[rows], samples.class_names, about)


def _read(path: Path) -> Table:
    reader = TABLES.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            f"Predictions must be a table ending in {', '.join(TABLES)}. Received: {path}."
        )
    return reader(path, path.parent)


def _rows_of(table: Table, samples: Samples) -> Indices:
    """Return `(n,)`: which row each sample's answer stands in.

    Raises:
        DataError: A row is double or of no sample, or a sample has none.
    """
    column = _column(table, IMAGE_COLUMNS, "the image")
    places = _places_by_name(samples)
    found = np.full(len(samples), -1, np.int64)
    unknown, double = [], []
    for row, cell in enumerate(table.texts(column) or ()):
        place = places.get(cell if cell in places else _whole_path(cell, table))
        if place is None:
            unknown.append(cell)
        elif found[place] >= 0:
            double.append(cell)
        else:
            found[place] = row
    missing = [samples.images.key(int(i)) for i in np.flatnonzero(found < 0)]
    faults = {
        f"name no {samples.split} image": unknown,
        "stand there more than once": double,
        "are missing": missing,
    }
    said = [f"{_some(names)} {fault}" for fault, names in faults.items() if names]
    if said:
        example = samples.images.key(0)
        raise DataError(
            f"Each {samples.split} image must have one row in {table.origin}, by its name, such "
            f"as {example}. Received rows of which {'; '.join(said)}."
        )
    return found


def _places_by_name(samples: Samples) -> dict[str, int]:
    """Return each sample's position by all names that it may go by."""
    places: dict[str, int] = {}
    for index in range(len(samples)):
        name = samples.images.name(index)
        places[samples.images.key(index)] = index
        places[name] = index
        if not samples.images.keys_are_positions:
            places[str(Path(name).resolve())] = index
    return places


def _whole_path(cell: str, table: Table) -> str:
    """Return a path as it is seen from here, or else from the table's folder."""
    here = Path(cell).resolve()
    return str(here if here.exists() else (table.root / cell).resolve())


def _probabilities(table: Table, class_names: Sequence[str]) -> NDArray[np.float64] | None:
    """Return `(rows, classes)`, or `None` where no class has a column.

    Raises:
        DataError: A class has none while others have, or a row is no probabilities.
    """
    present = [name for name in class_names if name in table.columns]
    if not present:
        return None
    missing = [name for name in class_names if name not in table.columns]
    if missing:
        raise DataError(
            f"Each class must have a column of its name in {table.origin}. Received: none for "
            f"{_some(missing)}."
        )
    columns = [_numbers(table, name) for name in class_names]
    found = np.array(columns, np.float64).T
    sums = found.sum(axis=1)
    with np.errstate(invalid="ignore"):
        wrong = ~((found >= 0).all(axis=1) & (np.abs(sums - 1) <= _NEAR_1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"Each row of {table.origin} must hold probabilities, at least 0, that sum to 1. "
            f"Received: a sum of {sums[row]:.4g} in row {row + 1} ({int(wrong.sum()):,} such rows)."
        )
    return np.asarray(found / sums[:, np.newaxis], np.float64)


def _numbers(table: Table, column: str) -> list[float]:
    numbers: list[float] = []
    for row, cell in enumerate(table.texts(column) or ()):
        try:
            numbers.append(float(cell))
        except ValueError as error:
            raise DataError(
                f"The column {column} of {table.origin} must hold numbers. "
                f"Received: '{cell}' in row {row + 1}."
            ) from error
    return numbers


def _answers(table: Table, class_names: Sequence[str]) -> Indices:
    """Return `(rows,)`: the number of the class that each row names.

    Raises:
        DataError: A name is no class.
    """
    column = _column(table, LABEL_COLUMNS, "the answer")
    numbers = {name: number for number, name in enumerate(class_names)}
    answers = []
    for row, cell in enumerate(table.texts(column) or ()):
        if cell not in numbers:
            raise DataError(
                f"The column {column} of {table.origin} must name classes of the data. "
                f"Received: '{cell}' in row {row + 1}. {did_you_mean(cell, class_names)}"
            )
        answers.append(numbers[cell])
    return np.array(answers, np.int64)


def _column(table: Table, names: Sequence[str], what: str) -> str:
    by_name = {name.lower(): name for name in reversed(list(table.columns))}
    for name in names:
        if name in by_name:
            return by_name[name]
    raise DataError(
        f"{table.origin} must have a column for {what}, called {', '.join(names)}. "
        f"Received the columns: {', '.join(table.columns)}."
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
