"""From bundles to an application: everything that is served, put together."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from tellapart.serve.app import build_app
from tellapart.serve.gate import Rights
from tellapart.serve.keeping import Keeper, Room
from tellapart.serve.limits import Limits
from tellapart.serve.loaded import Opener
from tellapart.serve.metrics import Metrics
from tellapart.serve.reload import POLL_SECONDS
from tellapart.serve.served import Served


@dataclass(frozen=True)
class Settings:
    """Is how classifiers are served.

    Attributes:
        limits: How much may be asked for.
        rights: Who may ask.
        keep_unsure: A folder for pictures that a classifier is unsure about, or `None`; where
            there are several classifiers each has a folder in it.
        room: How much each of these folders may hold.
        poll_seconds: Between two looks at the bundles' files.
    """

    limits: Limits = field(default_factory=Limits)
    rights: Rights = field(default_factory=Rights)
    keep_unsure: Path | None = None
    room: Room = field(default_factory=Room)
    poll_seconds: float = POLL_SECONDS


def open_service(
    paths: Mapping[str, Path], opener: Opener, settings: Settings, say: Callable[[str], object]
) -> ASGIApp:
    """Return an application that serves bundles.

    Args:
        paths: The bundles by the names that they are asked for by.
        opener: Makes a predictor of a bundle.
        settings: How they are served.
        say: Is told what the server's owner should know.

    Raises:
        BundleError: A bundle cannot be used, or does not answer as it did after training.
        UsageError: The folder for unsure pictures cannot be written.
    """
    metrics = Metrics()
    models: dict[str, Served] = {}
    with ExitStack() as undo:
        for name, path in paths.items():
            models[name] = Served(name, path, opener, settings.limits, metrics)
            undo.callback(models[name].close)
            if settings.keep_unsure is not None:
                folder = settings.keep_unsure / (name if len(paths) > 1 else "")
                models[name].keeper = _open_keeper(name, folder, settings.room, metrics, say)
        undo.pop_all()
    return build_app(
        models,
        metrics,
        limits=settings.limits,
        rights=settings.rights,
        say=say,
        poll_seconds=settings.poll_seconds,
    )


def _open_keeper(
    name: str, folder: Path, room: Room, metrics: Metrics, say: Callable[[str], object]
) -> Keeper:
    def count(outcome: str) -> None:
        metrics.kept.labels(name, outcome).inc()

    return Keeper(folder, room, say, count)
