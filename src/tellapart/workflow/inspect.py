"""Look at a data set before anything is trained on it."""

from pathlib import Path
from typing import Any

from tellapart.check.inspection import Inspection, SplitSummary, account_of, tally
from tellapart.data.dataset import Dataset
from tellapart.data.fetch import usual_places
from tellapart.data.known import find_known
from tellapart.data.layout import Layout
from tellapart.data.ledger import ledger_of
from tellapart.data.samples import Samples
from tellapart.data.sources import open_dataset
from tellapart.data.streams import plain_name
from tellapart.errors import UsageError
from tellapart.files import write_numbered
from tellapart.progress import Progress, open_progress


def load(
    source: Any,
    *,
    class_names: list[str] | tuple[str, ...] | None = None,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    quiet: bool = False,
) -> Dataset:
    """Return the data set that a name, a path, arrays or rows stand for.

    Args:
        source: "fashion-mnist", "mnist", "cifar10"; the path of a folder (one folder a
            class, also below train, val and test; or flat with a table of labels), of a
            table (CSV, TSV, JSON Lines, Parquet) or of an `.npz` file; `(images, labels)`,
            what Keras' `load_data` returns, a data set of Hugging Face's `datasets`, or any
            iterable of `(image, label)`.
        class_names: The name of each class number, for arrays.
        layout: Which columns, root and patterns to read by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        quiet: Show no progress.

    Raises:
        DataError: There is nothing of this name, or it cannot be used.

    Example:
        >>> import tellapart
        >>> fashion = tellapart.load("fashion-mnist")
        >>> len(fashion.train), len(fashion.test), fashion.class_names[9]
        (60000, 10000, 'Ankle boot')
    """
    places = usual_places(Path(data_folder) if data_folder is not None else None)
    return open_dataset(
        source,
        class_names=class_names,
        places=places,
        progress=open_progress(quiet=quiet),
        layout=layout,
    )


def inspect(
    source: Any,
    *,
    count: int = 15,
    split: str = "train",
    seed: int | None = None,
    output: str | Path | None = None,
    check: bool | None = None,
    strict: bool = False,
    report: str | Path | None = None,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    quiet: bool = False,
) -> Inspection:
    """Return shapes, class names and counts, what is wrong with the data, and a grid of them.

    Args:
        source: What `load` takes.
        count: How many pictures the grid shows.
        split: Which split they are from.
        seed: Draw them at random, repeatably; by default the first ones.
        output: Where the grid goes; by default `NAME-SPLIT.png` here. A file with
            other content is not overwritten: the next free number is taken.
        check: Look at every picture, account for every file and run all checks; by default
            unless the data set is a known one, or `strict`.
        strict: Call pictures that cannot be read refused, as `train` with `strict` does; the
            command ends with exit code 3 then.
        report: Where all of it goes as one page (HTML), numbered like the grid.
        layout: Which columns, root and patterns to read by; guessed by default.
        data_folder: A folder to look for a known data set in.
        quiet: Show no progress.

    Raises:
        UsageError: `strict` without the look at every picture.
        DataError: There is no such data or split.
        OutputError: The picture or the page cannot be written.
    """
    if strict and check is False:
        raise UsageError("`strict` needs a look at every picture. Fix: leave out --no-check")
    data = load(source, layout=layout, data_folder=data_folder, quiet=quiet)
    grid = data.split(split).show(count, seed=seed)
    usual = f"{data.name}-{split}.png"
    target = Path(usual if output is None else output)
    if target.is_dir():
        target = target / usual
    found = Inspection(
        name=data.name,
        origin=data.origin,
        class_names=data.class_names,
        splits={name: _summary(samples) for name, samples in data.splits.items()},
        remarks=data.remarks,
        picture=str(write_numbered(target, grid.to_png())),
    )
    is_known = isinstance(source, str) and find_known(source) is not None
    if check or strict or (check is None and not is_known):
        from tellapart.check.kept import keep_inspection

        progress = open_progress(quiet=quiet)
        found = found.model_copy(update=_look(data, progress, strict=strict))
        keep_inspection(data, found, progress=progress)
    if report is None:
        return found
    from tellapart.report.inspection import draw_inspection

    page = write_numbered(Path(report), draw_inspection(found, grid).encode())
    return found.model_copy(update={"report": plain_name(str(page))})


def _summary(samples: Samples) -> SplitSummary:
    shape, classes = samples.images.shape, samples.counts
    return SplitSummary(images=len(samples), shape=shape, dtype="uint8", classes=classes)


def _look(data: Dataset, progress: Progress, *, strict: bool) -> dict[str, Any]:
    """Return what comes of looking at every picture: account, tallies and findings."""
    from tellapart.check.catalogue import weigh
    from tellapart.check.finding import Evidence
    from tellapart.data.duplicates import find_duplicates
    from tellapart.data.survey import join_splits, survey_splits

    parts = survey_splits(data, progress)
    survey = join_splits(data, parts)
    outcomes = {name: (data.splits[name], facts) for name, facts in parts.items()}
    left_alone = sorted(survey.facts.remarks.items())
    evidence = Evidence(survey, find_duplicates(survey.facts.measures, progress))
    return {
        "account": account_of(ledger_of(data.splits, outcomes, data.unused, strict=strict)),
        "tallies": tally(survey.facts),
        "findings": weigh(evidence),
        "remarks": (
            *map(plain_name, data.remarks),
            *(f"Pictures that are left as they are, {what}: {n:,}." for what, n in left_alone),
        ),
    }
