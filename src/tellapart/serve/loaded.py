"""A bundle in memory, proved by its golden examples, and by what its file is known."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from tellapart.errors import BundleError
from tellapart.predict.predictor import Predictor
from tellapart.serve.drift import Drift
from tellapart.serve.niceness import step_back

Opener = Callable[[Path], Predictor]
"""Makes a predictor of a bundle."""


@dataclass(frozen=True)
class Stamp:
    """Is by what a file is known to have changed."""

    inode: int
    size_bytes: int
    changed_ns: int


@dataclass(frozen=True, eq=False)
class Loaded:
    """Is a bundle in memory.

    Attributes:
        predictor: What answers.
        version: Twelve hexadecimal digits that change with anything in the bundle.
        drift: What it has seen.
        stamp: That of its file before it was read.
    """

    predictor: Predictor
    version: str
    drift: Drift
    stamp: Stamp | None


def load(path: Path, opener: Opener) -> Loaded:
    """Return a bundle as it is on disk now.

    Raises:
        BundleError: It cannot be used, or does not answer as it did after training.
    """
    found: Future[Loaded] = Future()

    def work() -> None:
        step_back()  # the threads of a runtime have the niceness of the one that opens it
        try:
            found.set_result(_load(path, opener))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            found.set_exception(error)

    threading.Thread(target=work, name="load", daemon=True).start()
    return found.result()


def _load(path: Path, opener: Opener) -> Loaded:
    stamp = stamp_of(path)
    predictor = opener(path)
    replay = predictor.replay_golden()
    if not replay.passed:
        raise BundleError(
            f"{path} does not answer as it did after training: a golden probability is off by "
            f"{replay.largest_difference:.2g}. Fix: tellapart doctor {path}"
        )
    manifest = predictor.manifest
    version = hashlib.sha256(manifest.model_dump_json().encode()).hexdigest()[:12]
    return Loaded(predictor, version, Drift(manifest.profile), stamp)


def stamp_of(path: Path) -> Stamp | None:
    """Return by what a file is known, or `None` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)
