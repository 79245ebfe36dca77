"""The next labelling queue: pictures that the classifier was unsure about, in a folder."""

import queue
import re
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tellapart.data.patch import Correction, patch_to_csv
from tellapart.errors import OutputError, UsageError
from tellapart.files import sha256_hex, write_whole
from tellapart.images.kinds import SUFFIXES, SUFFIXES_OF, kind_of
from tellapart.predict.prediction import Prediction

MOST_IMAGES = 1_000
MOST_BYTES = 512 * 2**20
"""What the folder may hold, with what lies there already."""

PICTURES = "pictures"
"""The folder of the pictures, within that of the queue."""

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?=\.)")
"""A picture's name in a table."""

_WAITING_BYTES = 64 * 2**20
"""Of pictures that wait to be written; more are left out."""

_IDLE_SECONDS, _MOST_SECONDS = 0.5, 5.0
"""The table is written when so long no picture has come, and at least so often."""


@dataclass(frozen=True)
class Room:
    """Is how much a queue may hold.

    Attributes:
        images: How many pictures.
        size_bytes: How many bytes of them.
    """

    images: int = MOST_IMAGES
    size_bytes: int = MOST_BYTES


class Keeper:
    """Writes unsure pictures as they were received, and a file to decide about them in.

    The file, `labels.patch.csv`, has a row for each picture: `image` is its path, `given` the
    most probable class, `label` the next one, `decision` is empty. With decisions it is a table
    to train on; its format is that of `review`. One that somebody has
    changed meanwhile is never written again: the next one gets a number.

    Args:
        folder: Where they go; it is made.
        room: How much it may hold.
        say: Is told what goes wrong.
        count: Is told "kept" or "left-out" for each picture.

    Raises:
        UsageError: The folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        room: Room,
        say: Callable[[str], object],
        count: Callable[[str], object],
    ) -> None:
        self._folder, self._room, self._say, self._count = folder, room, say, count
        try:
            (folder / PICTURES).mkdir(parents=True, exist_ok=True)
            there = [path for path in (folder / PICTURES).iterdir() if path.suffix in SUFFIXES]
            self._images = len(there)
            self._bytes = sum(path.stat().st_size for path in there)
            listed = _names_in(folder.glob("labels*.patch.csv"))
        except OSError as error:
            raise UsageError(
                f"`--keep-unsure` must name a folder that can be written. Received: {folder} "
                f"({error.strerror})."
            ) from error
        self._stored = {path.stem for path in there}
        self._known = self._stored & listed  # others lost their row, as where the server was killed
        self._rows: list[Correction] = []
        self._table, self._written = self._free_table(), b""
        self._saved, self._saved_at, self._unsaved = 0, time.monotonic(), False
        self._queue: queue.Queue[tuple[bytes, Prediction] | None] = queue.Queue()
        self._waiting_bytes, self._lock = 0, threading.Lock()
        self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
        self._thread.start()

    def offer(self, content: bytes, answer: Prediction) -> None:
        """Hand over a picture; where the disk is slower than the pictures come, it is left out."""
        with self._lock:
            fits = self._waiting_bytes + len(content) <= _WAITING_BYTES
            self._waiting_bytes += len(content) if fits else 0
        if fits:
            self._queue.put((content, answer))
        else:
            self._count("left-out")

    def close(self) -> None:
        """Write what was handed over, and end."""
        self._queue.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (handed := self._next()) is not None:
            with self._lock:
                self._waiting_bytes -= len(handed[0])
            try:
                self._unsaved |= self._keep(*handed)
                if time.monotonic() > self._saved_at + _MOST_SECONDS:
                    self._save()
            except OutputError as error:
                self._give_up(error)
        self._save_or_give_up()

    def _next(self) -> tuple[bytes, Prediction] | None:
        """Return what was handed over next; where that takes a while, the table is written."""
        try:
            return self._queue.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            self._save_or_give_up()
        return self._queue.get()

    def _save_or_give_up(self) -> None:
        try:
            self._save()
        except OutputError as error:
            self._give_up(error)

    def _give_up(self, error: OutputError) -> None:
        self._room, self._unsaved = Room(0, 0), False
        self._say(f"Unsure pictures are no longer kept: {error}")

    def _keep(self, content: bytes, answer: Prediction) -> bool:
        """Write one picture, and return whether it is new."""
        kind = kind_of(content)
        name = sha256_hex(content)[:32]
        if kind is None or name in self._known:
            return False
        path = self._folder / PICTURES / f"{name}{SUFFIXES_OF[kind][0]}"
        if not self._store(path, content):
            self._count("left-out")
            return False
        self._known.add(name)
        given, *others = [choice.label for choice in answer.choices]
        row = Correction(f"{PICTURES}/{path.name}", given, (others or [given])[0])
        self._rows.append(row)
        self._count("kept")
        return True

    def _store(self, path: Path, content: bytes) -> bool:
        """Write a picture that is not there yet, and return whether it has a place."""
        if path.stem in self._stored:
            return self._room.images > 0
        full = self._images >= self._room.images
        if full or self._bytes + len(content) > self._room.size_bytes:
            return False
        write_whole(path, content)
        self._stored.add(path.stem)
        self._images += 1
        self._bytes += len(content)
        return True

    def _save(self) -> None:
        """Write all rows anew, unless somebody has begun to decide in the file."""
        if not self._unsaved:
            return
        if self._table.exists() and self._table.read_bytes() != self._written:
            self._rows = self._rows[self._saved :]
            self._table = self._free_table()
        self._written = patch_to_csv(self._rows)
        write_whole(self._table, self._written)
        self._saved, self._saved_at, self._unsaved = len(self._rows), time.monotonic(), False

    def _free_table(self) -> Path:
        """Return the first of `labels.patch.csv`, `labels-2.patch.csv`, … that is not there."""
        path, number = self._folder / "labels.patch.csv", 1
        while path.exists():
            number += 1
            path = self._folder / f"labels-{number}.patch.csv"
        return path


def _names_in(tables: Iterable[Path]) -> set[str]:
    """Return the digests that stand in tables, whatever else somebody has made of these."""
    return {name.decode() for path in tables for name in _DIGEST.findall(path.read_bytes())}
