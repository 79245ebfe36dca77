"""What Prometheus is told: requests, batches, waiting pictures, answers by kind, drift."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from tellapart.serve.drift import Light

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Metrics:
    """Counts what a server does; each server has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "tellapart_requests",
            "Answered requests.",
            ("method", "path", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tellapart_request_seconds",
            "From the first byte of a request to the end of its answer.",
            ("path",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batches = Histogram(
            "tellapart_batch_images",
            "Pictures answered in one go.",
            ("model",),
            buckets=SIZES,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "tellapart_waiting_images", "Pictures that wait.", ("model",), registry=self.registry
        )
        self.answers = Counter(
            "tellapart_answers", "Answers by verdict.", ("model", "verdict"), registry=self.registry
        )
        self.reloads = Counter(
            "tellapart_reloads",
            "Bundles that were replaced: taken over or refused.",
            ("model", "outcome"),
            registry=self.registry,
        )
        self.kept = Counter(
            "tellapart_kept_images",
            "Unsure pictures: kept, or left out because the folder is full or slow.",
            ("model", "outcome"),
            registry=self.registry,
        )
        self.drift = Gauge(
            "tellapart_drift",
            "A mean or a share over the last answers, beside that of the validation images.",
            ("model", "what", "when"),
            registry=self.registry,
        )
        self.changed = Gauge(
            "tellapart_drift_changed",
            "1 where the last answers differ from the validation images by more than chance.",
            ("model", "what"),
            registry=self.registry,
        )
        self._said_of: dict[str, list[tuple[Gauge, tuple[str, ...]]]] = {}

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one request.

        Args:
            method: Of HTTP; one that is unusual counts as "other".
            path: The route's pattern, so that there are few of them.
            status: Of HTTP.
            seconds: How long it took.
        """
        self.requests.labels(method if method in METHODS else "other", path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def note_drift(self, model: str, lights: Iterable[Light]) -> None:
        """Take down how a classifier's last answers compare with the validation images.

        What was said of it before is forgotten: a replaced bundle may say other things.
        """
        for gauge, labels in self._said_of.pop(model, ()):
            gauge.remove(*labels)
        said = self._said_of[model] = list[tuple[Gauge, tuple[str, ...]]]()

        def say(gauge: Gauge, value: float, *labels: str) -> None:
            gauge.labels(model, *labels).set(value)
            said.append((gauge, (model, *labels)))

        for light in lights:
            say(self.changed, light.state == "changed", light.what)
            for when, value in (("now", light.now), ("validation", light.before)):
                if value is not None:
                    say(self.drift, value, light.what, when)

    def to_text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)
