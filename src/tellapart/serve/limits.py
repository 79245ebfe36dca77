"""How much one request, and all of them together, may ask for."""

from dataclasses import dataclass

COST_OF_NESTING = 4
"""What a list, an object or a name in it costs to read, in numbers."""


@dataclass(frozen=True)
class Limits:
    """Is what the server accepts; what is above it is refused at once, never left waiting.

    How long the decoding of a picture may take is the same as everywhere: `images.limits`.

    Attributes:
        head_bytes: Of the first line and the headers of one request; and of what a body that
            comes in parts has between and behind them.
        head_seconds: For these to arrive in.
        body_bytes: Of one request.
        held_bytes: Of the bodies of all requests together.
        numbers: In one JSON body, by its commas; lists, objects and names in it count for four
            (`cost_of`). Each costs more memory than its text, and nothing else is done
            while they are read, some 0.2 s for a million.
        images: In one request.
        pixels: Of one picture. Decoding takes up to 30 bytes for each (a WebP with transparent
            parts, turned), so 0.8 GB; of such large ones one is decoded at a time.
        batch: Pictures that are answered in one go, of one request or of many.
        requests: That are under way at once.
        late_seconds: That the event loop may be behind, on average; above it new requests are
            refused before they are read.
        waiting: Pictures that wait to be answered, of all requests together, for one model.
        explaining: Heat maps that wait to be made, for one model; each takes a hundred answers.
        body_seconds: For a request to arrive in.
        answer_seconds: For a request to be answered in, and for a full buffer of answers to be
            taken.
    """

    head_bytes: int = 64 * 2**10
    head_seconds: float = 20.0
    body_bytes: int = 32 * 2**20
    held_bytes: int = 256 * 2**20
    numbers: int = 1_000_000
    images: int = 256
    pixels: int = 25_000_000
    batch: int = 64
    requests: int = 1024
    late_seconds: float = 0.1
    waiting: int = 512
    explaining: int = 8
    body_seconds: float = 60.0
    answer_seconds: float = 60.0


def cost_of(raw: bytes) -> int:
    """Return how much reading a JSON body costs at most, in numbers, without reading it.

    Example:
        >>> cost_of(b'{"data": [1, 2, 3]}')
        14
    """
    nested = raw.count(b"[") + raw.count(b"{") + raw.count(b":")
    return raw.count(b",") + COST_OF_NESTING * nested
