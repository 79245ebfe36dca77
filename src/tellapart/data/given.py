"""The pictures that a word on a command line stands for."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tellapart.data.layout import ARCHIVE_SUFFIXES, TABLE_SUFFIXES, Layout
from tellapart.data.streams import Folder, Found, Listed, Row, Source, missing, plain_name
from tellapart.data.walk import walk
from tellapart.images.kinds import SUFFIXES

STANDARD_INPUT = "-"
_PARQUET = ".parquet"


@dataclass(frozen=True)
class Given:
    """Is one word, and the pictures that it stands for.

    Attributes:
        word: What was typed.
        sources: Where its pictures are, in their order.
    """

    word: str
    sources: tuple[Source, ...]

    @property
    def total(self) -> int | None:
        """Return how many pictures there are, or `None` where only reading them would tell."""
        totals = [source.total for source in self.sources]
        return None if None in totals else sum(total or 0 for total in totals)

    @property
    def size_bytes(self) -> int:
        """Return how many bytes the archives and tables have, which are read as a whole."""
        files = [file for source in self.sources for file in source.files]
        return sum(file.stat().st_size for file in files if file.exists())

    @property
    def resolved(self) -> str:
        """Return where the word leads to, from wherever it is looked at."""
        return self.word if self.word == STANDARD_INPUT else str(Path(self.word).resolve())

    @property
    def may_have_tables(self) -> bool:
        """Return whether tables are among its files, or the word is that of one."""
        names = [self.word, *(file.name for source in self.sources for file in source.files)]
        return any(name.lower().endswith(TABLE_SUFFIXES) for name in names)

    @property
    def left_alone(self) -> int:
        """Return how many things are no pictures, as far as they were gone through."""
        return sum(source.left_alone for source in self.sources)

    def stream(self, start: int = 0) -> Iterator[Found]:
        """Yield every picture; of the first `start` only the names, and they are not read."""
        place = 0
        for source in self.sources:
            for found in source.stream(max(0, start - place)):
                yield found
                place += 1


def open_given(
    word: str, layout: Layout | None = None, standard_input: bytes | None = None
) -> Given:
    """Return the pictures that a word stands for.

    What cannot be found or opened is in it as a picture that cannot be read, so that the others
    are still answered.

    Args:
        word: A file; a folder, for all pictures in it and below, or else its Parquet files; a
            pattern such as `photos/*.jpg`; a table with a picture a row; an archive; or `-` for
            a picture on standard input.
        layout: Which column of a table has the pictures, and where its paths start.
        standard_input: What stands for `-`.

    Raises:
        DataError: A table is damaged, or has no column for pictures; or a folder cannot be read.
        MissingExtraError: Parquet, and pyarrow is not installed.
    """
    if word == STANDARD_INPUT:
        return Given(word, (Listed([Found(word, standard_input or b"")]),))
    try:
        if os.path.lexists(word) or not glob.has_magic(word):
            return Given(word, (_open_path(Path(word), layout),))
        found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - may be absolute
        return Given(word, tuple(_gather(found, layout)) or (_nothing(word),))
    except OSError as error:
        return Given(word, (Listed([missing(word, "unreadable", error.strerror or str(error))]),))


def stands_for_several(path: Path) -> bool:
    """Return whether a path is that of a folder, a table or an archive."""
    is_one = path.suffix.lower() in TABLE_SUFFIXES or path.name.lower().endswith(ARCHIVE_SUFFIXES)
    return path.is_dir() or (is_one and path.is_file())


def _gather(names: Sequence[str], layout: Layout | None) -> Iterator[Source]:
    """Yield the sources of what a pattern matches, single files together."""
    single: list[Found] = []
    for name in names:
        path = Path(name)
        if not stands_for_several(path):
            single.append(Found(plain_name(name), path))
            continue
        if single:
            yield Listed(single)
            single = []
        yield _open_path(path, layout)
    if single:
        yield Listed(single)


def _open_path(path: Path, layout: Layout | None) -> Source:
    if path.is_dir():
        return _open_folder(path, layout)
    if not stands_for_several(path):
        return Listed([Found(plain_name(str(path)), path)])
    if path.suffix.lower() == _PARQUET:
        from tellapart.data.parquet_rows import ParquetSource

        return ParquetSource([path], path, layout)
    if path.suffix.lower() in TABLE_SUFFIXES:
        from tellapart.data.tables import images_in

        images, names = images_in(path, layout)
        return Row(images, path, names)
    from tellapart.data.archives import open_archive

    return open_archive(path)


def _open_folder(root: Path, layout: Layout | None) -> Source:
    found = walk(root)
    if found.pictures:
        return Folder(root, found)
    tables = sorted(
        entry.file
        for entry in found.others
        if entry.reason == "not-a-picture" and entry.file.lower().endswith(_PARQUET)
    )
    if tables:
        from tellapart.data.parquet_rows import ParquetSource

        source = ParquetSource([Path(table) for table in tables], root, layout)
        source.left_alone = len(found.others) - len(tables)
        return source
    kinds = ", ".join(sorted(SUFFIXES))
    return Listed([missing(str(root), "empty", f"no picture ({kinds}) in this folder.")])


def _nothing(word: str) -> Source:
    return Listed([missing(word, "missing", "no file matches this pattern.")])
