"""Pictures one after the other, however many: where they lie, and what each is called."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import override

from tellapart.data.contents import Content, to_content
from tellapart.data.stores import ImageStore
from tellapart.data.walk import Walked
from tellapart.errors import ImageError
from tellapart.images.kinds import SUFFIXES


class Found(NamedTuple):
    """Is one picture of a stream.

    Attributes:
        name: What says where it is.
        content: A path, encoded bytes, an array, something `Unread`, or the `ImageError` that
            says why there is none; `None` where only its name was asked for.
    """

    name: str
    content: Any


class Unread(ABC):
    """Is a picture that is read when it is wanted, by whatever thread wants it."""

    @abstractmethod
    def read(self) -> Content:
        """Return its encoded bytes, or its pixels.

        Raises:
            ImageError: It cannot be read.
        """


class Source(ABC):
    """Is a place with pictures, in an order that stays the same while nobody changes it.

    Attributes:
        left_alone: How many things in it are no pictures, as far as it was gone through.
    """

    left_alone: int = 0

    @property
    @abstractmethod
    def total(self) -> int | None:
        """Return how many pictures it has, or `None` where only reading it all would tell."""

    @property
    def files(self) -> Sequence[Path]:
        """Return the files that it is read from as a whole: archives and tables."""
        return ()

    @abstractmethod
    def stream(self, start: int = 0) -> Iterator[Found]:
        """Yield every picture; of the first `start` only the names, and they are not read."""


class Listed(Source):
    """Pictures that were listed before, such as single files and what is missing.

    Args:
        pictures: All of them.
    """

    def __init__(self, pictures: Iterable[Found]) -> None:
        self._pictures = tuple(pictures)

    @property
    @override
    def total(self) -> int:
        return len(self._pictures)

    @override
    def stream(self, start: int = 0) -> Iterator[Found]:
        return iter(self._pictures)


class Folder(Source):
    """The pictures in a folder and below, by their paths.

    Args:
        root: The folder, as it was given.
        walked: What is in it.
    """

    def __init__(self, root: Path, walked: Walked) -> None:
        self._root, self._paths = root, walked.pictures
        self.left_alone = len(walked.others)

    @property
    @override
    def total(self) -> int:
        return len(self._paths)

    @override
    def stream(self, start: int = 0) -> Iterator[Found]:
        root = str(self._root)
        for path in self._paths:
            whole = os.path.join(root, path)  # noqa: PTH118 - a Path takes ten times as long
            yield Found(plain_name(whole), whole)


@dataclass(frozen=True, eq=False)
class Stored(Unread):
    """One picture of a row of them."""

    images: ImageStore
    index: int

    @override
    def read(self) -> Content:
        return self.images.content(self.index)


class Row(Source):
    """The pictures of a store, such as a table's or a data set's.

    Args:
        images: The store.
        file: The table that it was read from, if it was read from one.
        names: What its pictures are called there; by default as the store calls them.
    """

    def __init__(
        self,
        images: ImageStore,
        file: Path | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self._images, self._file, self._names = images, file, names

    @property
    @override
    def total(self) -> int:
        return len(self._images)

    @property
    @override
    def files(self) -> Sequence[Path]:
        return () if self._file is None else (self._file,)

    @override
    def stream(self, start: int = 0) -> Iterator[Found]:
        for index in range(len(self._images)):
            name = self._images.name(index) if self._names is None else self._names[index]
            yield Found(plain_name(name), Stored(self._images, index))


@dataclass(frozen=True, eq=False)
class Cell(Unread):
    """One cell of a table: whatever `contents.to_content` takes."""

    value: Any
    root: Path

    @override
    def read(self) -> Content:
        return to_content(self.value, self.root)


def plain_name(name: str) -> str:
    r"""Return a file's name as text that can be written, whatever bytes it has.

    Example:
        >>> plain_name("a\udcff.png")
        'a\\xff.png'
    """
    if name.isascii():
        return name
    try:
        return os.fsencode(name).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a character, which no file system gives
        return name.encode("utf-8", "backslashreplace").decode()


def has_picture_suffix(name: str) -> bool:
    """Return whether a name ends as pictures do."""
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - a Path is far slower


def missing(name: str, reason: str, detail: str) -> Found:
    """Return what stands in a stream for something that cannot be read."""
    shown = plain_name(name)
    return Found(shown, ImageError(shown, reason, detail))
