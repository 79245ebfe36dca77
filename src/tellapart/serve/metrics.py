"""What Prometheus is told: requests, batches, waiting pictures, answers by kind."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """Counts what a server does; each server has its own, so tests do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = {"registry": self.registry}
        self.requests = Counter(
            "tellapart_requests", "Answered requests.", ("method", "path", "status"), **names
        )
        self.seconds = Histogram(
            "tellapart_request_seconds", "From the request's first byte to the answer.",
            ("path",), buckets=SECONDS, **names,
        )
        self.batches = Histogram(
            "tellapart_batch_images", "Pictures answered in one go.",
            ("model",), buckets=SIZES, **names,
        )
        self.waiting = Gauge("tellapart_waiting_images", "Pictures that wait.", ("model",), **names)
        self.answers = Counter(
            "tellapart_answers", "Answers by verdict.", ("model", "verdict"), **names
        )
        self.reloads = Counter(
            "tellapart_reloads", "Replaced bundles.", ("model", "outcome"), **names
        )
        self.drift = Gauge(
            "tellapart_drift", "Lately, against the validation images.",
            ("model", "what", "when"), **names,
        )

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one request."""
        self.requests.labels(method, path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def to_text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)
