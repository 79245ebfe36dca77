"""How much one request, and all of them together, may ask for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Is what the server accepts; above it a request is refused at once, never left waiting.

    Attributes:
        body_bytes: Of one request.
        images: In one request.
        waiting: Pictures that wait to be answered, of all requests together, for one model.
        body_seconds: For a request to arrive in.
        answer_seconds: For a request to be answered in.
    """

    body_bytes: int = 64 * 2**20
    images: int = 256
    waiting: int = 1024
    body_seconds: float = 60.0
    answer_seconds: float = 60.0
