"""Where answers go page by page: the shards of a folder, or one file."""

import contextlib
import fcntl
import glob
import hashlib
import io
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from typing_extensions import override

from tellapart.errors import OutputError
from tellapart.files import is_taken, move_whole, output_errors
from tellapart.predict.page import Page
from tellapart.predict.writers import FORMATS
from tellapart.workflow.batch_job import JobFolder, ShardRecord, add_names

_PART = ".answers.part"
"""How a file ends that answers go to until it is whole; whoever writes it holds its lock."""


@dataclass
class Tally:
    """Is what answers came to, added up.

    Attributes:
        pictures: How many.
        verdicts: How many have each verdict, "error" among them.
        errors: How many could not be read for each reason.
    """

    pictures: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, found: Page | ShardRecord) -> None:
        """Add some answers."""
        if isinstance(found, Page):
            self.pictures += len(found)
            self.verdicts.update(found.verdict_counts)
            self.errors.update(found.error_counts)
        else:
            self.pictures += found.rows
            self.verdicts.update(found.verdicts)
            self.errors.update(found.errors)


class Sink(Protocol):
    """Takes pages of answers in their order.

    Attributes:
        tally: What was taken, and what is there from before.
    """

    tally: Tally

    def write(self, page: Page) -> None:
        """Take the next page.

        Raises:
            OutputError: The place cannot be written.
        """

    def finish(self) -> None:
        """Write what is not written yet.

        Raises:
            OutputError: The place cannot be written.
        """


class Shards(Sink):
    """Writes each so many answers as a file that is whole or absent.

    Args:
        folder: Where they go.
        class_names: All classes.
        whole: The shards that are there already.
    """

    def __init__(
        self, folder: JobFolder, class_names: Sequence[str], whole: Sequence[ShardRecord]
    ) -> None:
        self._folder, self._class_names = folder, class_names
        self.tally = Tally()
        for record in whole:
            self.tally.add(record)
        self._number = len(whole)
        self._begin()

    def _begin(self) -> None:
        job = self._folder.job
        self._file, self._part, self._names = io.BytesIO(), Tally(), hashlib.sha256()
        self._writer = FORMATS[job.format](self._file, self._class_names, job.top)

    @override
    def write(self, page: Page) -> None:
        self.tally.add(page)
        self._part.add(page)
        add_names(self._names, page.names)
        self._writer.write(page)
        if self._part.pictures >= self._folder.job.shard:
            self._write_shard()

    @override
    def finish(self) -> None:
        if self._part.pictures or not self._number:
            self._write_shard()

    def what_is_kept(self) -> str:
        """Return what a stop leaves, and what it costs."""
        kept = f"{self._number:,} whole shard{'' if self._number == 1 else 's'}"
        said = f"Kept in {self._folder.path}: {kept}."
        if self._part.pictures:
            said += (
                f" The {self._part.pictures:,} answers of the unfinished one will be made again; "
                "with a smaller --shard there are fewer."
            )
        return said

    def _write_shard(self) -> None:
        self._writer.finish()
        content = self._file.getvalue()
        record = ShardRecord(
            rows=self._part.pictures,
            names=self._names.hexdigest(),
            size_bytes=len(content),
            verdicts=self._part.verdicts,
            errors=self._part.errors,
        )
        self._folder.write(self._number, content, record)
        self._number += 1
        self._begin()


class OneFile(Sink):
    """Writes all answers to one open file.

    Args:
        file: Where they go.
        path: What it will be called.
        class_names: All classes.
        top: How many of them each answer names.
    """

    def __init__(self, file: IO[bytes], path: Path, class_names: Sequence[str], top: int) -> None:
        self._path, self.tally = path, Tally()
        self._writer = FORMATS[path.suffix[1:].lower()](file, class_names, top)

    @override
    def write(self, page: Page) -> None:
        with output_errors(self._path):
            self._writer.write(page)
        self.tally.add(page)

    @override
    def finish(self) -> None:
        with output_errors(self._path):
            self._writer.finish()


@contextlib.contextmanager
def one_file(path: Path, class_names: Sequence[str], top: int) -> Iterator[OneFile]:
    """Give out a file that is there whole after the block, or not at all.

    Raises:
        OutputError: The place cannot be written, or something is there.
    """
    with output_errors(path):
        if is_taken(path):
            raise OutputError(
                f"{path} must be a new file. Received: one that is there. Choose another place "
                "with --output."
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_over(path)
        beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_PART}")
        file = beside.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        with output_errors(path):
            sink = OneFile(file, path, class_names, top)
        try:
            yield sink
        except BaseException:
            with contextlib.suppress(OutputError):
                sink.finish()  # Parquet's writer must be closed before its file
            raise
        sink.finish()
        with output_errors(path):
            file.close()
        move_whole(beside, path)
    finally:
        with contextlib.suppress(OSError):
            file.close()
        beside.unlink(missing_ok=True)


def _remove_left_over(path: Path) -> None:
    """Remove what processes left that were killed while they wrote to the same place."""
    for part in path.parent.glob(f"{glob.escape(f'.{path.name}.')}*{_PART}"):
        with contextlib.suppress(OSError), part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
