"""Where an export goes: a place where nothing is, filled whole and only when it is proved."""

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tellapart.errors import UsageError
from tellapart.export.card import NAME
from tellapart.export.formats import FORMATS
from tellapart.files import is_taken, move_whole, output_errors

FOLDERS = ("saved_model",)
"""Formats that are folders: their card lies in them."""


def target_of(source: Path, form: str, output: str | Path | None, *, card: bool) -> Path:
    """Return where an export goes.

    Args:
        source: The bundle.
        form: The format's name.
        output: What the user said: a file, or a folder to put it into; by default it goes
            beside the bundle.
        card: Whether a card goes beside it.

    Raises:
        UsageError: Something is there already, it is no path, or its ending is another
            format's.
        OutputError: It cannot be seen whether anything is there.
    """
    if output is not None and not str(output):
        raise UsageError("`output` must be a path. Received: nothing. Fix: leave it out")
    suffix = FORMATS[form].suffix
    usual = source.with_suffix(suffix)
    target = usual if output is None else Path(output)
    with output_errors(target):
        is_folder = str(output).endswith("/") and form not in FOLDERS
        if output is not None and (is_folder or (target.is_dir() and target.suffix != suffix)):
            target = target / usual.name
        if target.suffix != suffix and form not in FOLDERS:
            raise UsageError(
                f"A file of format '{form}' must end in {suffix}. Received: {target}. "
                f"Fix: --output {target.with_suffix(suffix)}"
            )
        cards = [target.with_name(NAME)] if card and form not in FOLDERS else []
        for path in [*FORMATS[form].files(target), *cards]:
            if is_taken(path):
                raise UsageError(
                    f"There is something at {path} already. Fix: choose another --output"
                )
    return target


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Yield a path in a folder of its own, beside `target`, that is removed at the end.

    Raises:
        OutputError: The place cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with output_errors(target):  # of what goes wrong later, others say what it was
            stack.enter_context(folder_there(target.parent))
            made = tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-")
            folder = stack.enter_context(made)
        yield Path(folder) / target.name


@contextmanager
def folder_there(folder: Path) -> Iterator[None]:
    """Make a folder and those above it, and remove them again if nothing has come into them.

    Raises:
        OSError: It cannot be made.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for each in made:
            with contextlib.suppress(OSError):
                each.rmdir()


def put_in_place(form: str, path: Path, target: Path) -> int:
    """Move all that belongs to a proved file to its place, or nothing, and return its bytes.

    Raises:
        OutputError: The place cannot be written.
    """
    files = FORMATS[form].files
    card = path.with_name(NAME)
    pairs = list(zip(files(path), files(target), strict=True))
    if card.is_file():
        pairs.insert(0, (card, target.with_name(NAME)))
    size = sum(_size(given) for given in files(path))
    try:
        for given, place in pairs:
            move_whole(given, place)
    except BaseException:
        for given, place in pairs:
            if not given.exists():
                place.rename(given)
        raise
    return size


def _size(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
