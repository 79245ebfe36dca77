"""Every file below a folder: pictures by their endings, and all others with their reasons."""

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path, PurePath

from tellapart.data.ledger import Entry
from tellapart.errors import DataError
from tellapart.images.kinds import SUFFIXES

_SYSTEM_FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"})
_SYSTEM_FOLDERS = frozenset({"__macosx", "$recycle.bin", "system volume information"})


@dataclass(frozen=True)
class Walked:
    """Is what lies below a folder.

    Attributes:
        pictures: The paths of the pictures, relative to it, sorted.
        folders: The paths of the folders that are not hidden, relative to it, sorted.
        others: Each other file, with the reason why it is no picture.
    """

    pictures: tuple[str, ...]
    folders: tuple[str, ...]
    others: tuple[Entry, ...]


@dataclass(frozen=True)
class _Folder:
    path: str
    is_hidden: bool


def walk(root: Path) -> Walked:
    """Return all that lies below a folder, links followed.

    A folder is gone into once, by its own name before any link to it, so circles of links
    end; and by a link that is not hidden before its own name, where that is.

    Raises:
        DataError: A folder cannot be read, unless it is hidden.
    """
    pictures: list[str] = []
    folders: list[str] = []
    others: list[Entry] = []
    # Of the folders that wait: own names and links, then hidden own names and hidden links.
    waiting = tuple(deque[_Folder]() for _ in range(4))
    waiting[0].append(_Folder(str(root), is_hidden=False))
    seen: dict[tuple[int, int], str] = {}
    while any(waiting):
        folder = next(filter(None, waiting)).popleft()
        listed = _list(folder, seen)
        if isinstance(listed, Entry):
            others.append(listed)
            continue
        if not folder.is_hidden:
            folders.append(folder.path)
        for entry in listed:
            if _is_folder(entry):
                is_hidden = folder.is_hidden or is_hidden_name(entry.name)
                rank = 2 * is_hidden + entry.is_symlink()
                waiting[rank].append(_Folder(entry.path, is_hidden))
            elif (reason := _why_not(entry, folder)) is None:
                pictures.append(entry.path)
            else:
                others.append(Entry(str(Path(entry.path)), "skipped", *reason))
    start = len(os.path.join(root, ""))  # noqa: PTH118 - the length with its last separator
    pictures, folders = ([path[start:] for path in paths] for paths in (pictures, folders[1:]))
    return Walked(tuple(sorted(pictures)), tuple(sorted(folders)), tuple(others))


def kind_of_ending(path: str) -> str:
    """Return a file's ending in lower case, or what to call one that has none."""
    return PurePath(path).suffix.lower() or "files without an ending"


def _identity(path: str) -> tuple[int, int]:
    found = Path(path).stat()
    return found.st_dev, found.st_ino


def _list(folder: _Folder, seen: dict[tuple[int, int], str]) -> "list[os.DirEntry[str]] | Entry":
    """Return what lies in a folder, by name, or the reason why it is not gone into."""
    try:
        first = seen.setdefault(_identity(folder.path), folder.path)
        if first != folder.path and folder.is_hidden:
            return Entry(folder.path, "skipped", "hidden", f"hidden, and read already as {first}.")
        if first != folder.path:
            detail = f"a link to {first}, which is read already."
            return Entry(folder.path, "skipped", "seen-before", detail)
        with os.scandir(folder.path) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        if folder.is_hidden:
            detail = f"hidden, and unreadable: {error.strerror}."
            return Entry(folder.path, "skipped", "hidden", detail)
        raise DataError(f"Cannot read the folder {folder.path}: {error.strerror}.") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def is_hidden_name(name: str) -> bool:
    """Return whether a file or folder of this name is hidden, or the system's own."""
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def _why_not(entry: os.DirEntry[str], folder: _Folder) -> tuple[str, str] | None:
    """Return reason and detail for a file that is no picture, or `None`."""
    if entry.name == ".DS_Store" or entry.name.lower() in _SYSTEM_FILES:
        return "system-file", "a file that the operating system leaves."
    if folder.is_hidden or entry.name.startswith("."):
        return "hidden", "it, or a folder above it, is hidden."
    if not _is_file(entry):
        return "not-a-file", "a broken link, a pipe or a device."
    if os.path.splitext(entry.name)[1].lower() not in SUFFIXES:  # noqa: PTH122 - twice as fast
        ending = kind_of_ending(entry.name)
        return "not-a-picture", f"{ending} is not one of {', '.join(sorted(SUFFIXES))}."
    return None
