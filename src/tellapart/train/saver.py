"""Writes checkpoints beside the training, one at a time, so that the training need not wait."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tellapart.train.checkpoints import Checkpoint, drop_old, save_checkpoint

INTERVAL = 30.0


class Saver:
    """Saves the checkpoints of one run in the background.

    Args:
        folder: Where they go.
        interval: Seconds between two checkpoints within an epoch.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        interval: float = INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._interval, self._clock = folder, interval, clock
        self._last = clock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._pending: Future[None] | None = None

    def is_due(self) -> bool:
        """Return whether the last checkpoint is old enough, and written."""
        written = self._pending is None or self._pending.done()
        return written and self._clock() - self._last >= self._interval

    def save(self, checkpoint: Checkpoint, best_epoch: int | None) -> None:
        """Begin to write a checkpoint, and to drop old ones but that of the best epoch.

        Raises:
            OutputError: The one before could not be written.
        """
        self.wait()
        self._last = self._clock()
        self._pending = self._worker.submit(self._write, checkpoint, best_epoch)

    def wait(self) -> None:
        """Return when everything is written.

        Raises:
            OutputError: It could not be.
        """
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def close(self) -> None:
        """End the worker; what it has begun is finished first."""
        self._worker.shutdown(wait=True)

    def _write(self, checkpoint: Checkpoint, best_epoch: int | None) -> None:
        save_checkpoint(self._folder, checkpoint)
        drop_old(self._folder, best_epoch)
