"""Look at a data set before anything is trained on it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tellapart.data.dataset import Dataset
from tellapart.data.fetch import usual_places
from tellapart.data.layout import Layout
from tellapart.data.sources import open_dataset
from tellapart.files import write_numbered
from tellapart.progress import open_progress


class SplitSummary(BaseModel):
    """Is what one split consists of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: int
    shape: tuple[int, ...] | None
    dtype: str
    classes: dict[str, int]


class Inspection(BaseModel):
    """Is what `inspect` found.

    Attributes:
        name: The data set.
        origin: Where it came from.
        class_names: All classes, in order.
        splits: What each split consists of.
        remarks: What was left alone, and other things to know.
        picture: Where the grid of pictures was written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    origin: str
    class_names: tuple[str, ...]
    splits: dict[str, SplitSummary]
    remarks: tuple[str, ...] = ()
    picture: str | None = None


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
    data_folder: str | Path | None = None,
    quiet: bool = False,
) -> Inspection:
    """Return shapes, types, class names and counts, and write a grid of pictures.

    Args:
        source: What `load` takes.
        count: How many pictures the grid shows.
        split: Which split they are from.
        seed: Draw them at random, repeatably; by default the first ones.
        output: Where the grid goes; by default `NAME-SPLIT.png` here. A file with
            other content is not overwritten: the next free number is taken.
        data_folder: A folder to look for a known data set in.
        quiet: Show no progress.

    Raises:
        DataError: There is no such data or split.
        OutputError: The picture cannot be written.
    """
    found = load(source, data_folder=data_folder, quiet=quiet)
    grid = found.split(split).show(count, seed=seed)
    usual = f"{found.name}-{split}.png"
    target = Path(usual if output is None else output)
    if target.is_dir():
        target = target / usual
    picture = write_numbered(target, grid.to_png())
    splits = {
        name: SplitSummary(
            images=len(samples),
            shape=samples.images.shape,
            dtype="uint8",
            classes=samples.counts,
        )
        for name, samples in found.splits.items()
    }
    return Inspection(
        name=found.name,
        origin=found.origin,
        class_names=found.class_names,
        splits=splits,
        remarks=found.remarks,
        picture=str(picture),
    )
