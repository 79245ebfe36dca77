"""Bundles that are replaced on disk are taken over while requests go on, or refused."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tellapart.serve.loaded import Stamp, load, stamp_of
from tellapart.serve.metrics import Metrics
from tellapart.serve.served import Served

POLL_SECONDS = 1.0

Outcome = Literal["taken-over", "refused"]


@dataclass(frozen=True)
class Replacement:
    """Is what became of the last replacement of a bundle.

    Attributes:
        outcome: "taken-over" or "refused".
        seconds: When, since 1970.
    """

    outcome: Outcome
    seconds: float


class Watcher:
    """Looks at the bundles' files each second, and loads beside what has changed.

    A replacement must be sound and must answer its golden examples as after its training; else
    it is refused, once, and the old bundle goes on answering.

    Args:
        models: What is served.
        metrics: Where outcomes are counted.
        say: Is told of each.
        poll_seconds: Between two looks.
    """

    def __init__(
        self,
        models: Sequence[Served],
        metrics: Metrics,
        say: Callable[[str], object],
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._models, self._metrics, self._say = models, metrics, say
        self._poll = poll_seconds
        self.replacements: dict[str, Replacement] = {}
        self._known = {model.name: model.loaded.stamp for model in models}
        self._seen: dict[str, Stamp | None] = dict(self._known)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; what is being loaded is not taken over any more."""
        self._end.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._end.wait(self._poll):
            for model in self._models:
                self._look_at(model)

    def _look_at(self, model: Served) -> None:
        """Load a file that has changed since, unless it changes still."""
        stamp = stamp_of(model.path)
        still, self._seen[model.name] = stamp == self._seen[model.name], stamp
        if stamp is None or not still or stamp == self._known[model.name]:
            return
        self._known[model.name] = stamp
        try:
            loaded = load(model.path, model.opener)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the old one stays
            self._conclude(model, "refused", f"{error} The old one goes on answering.")
            return
        before, model.loaded = model.loaded.version, loaded
        self._conclude(model, "taken-over", f"version {before} became {loaded.version}.")

    def _conclude(self, model: Served, outcome: Outcome, words: str) -> None:
        self.replacements[model.name] = Replacement(outcome, time.time())
        self._metrics.reloads.labels(model.name, outcome).inc()
        self._say(f"{model.name}: the replaced bundle was {outcome.replace('-', ' ')}: {words}")
