"""What one picture may cost, and how everything that goes wrong becomes one `ImageError`."""

import contextlib
import io
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image
from typing_extensions import override

from tellapart.errors import ImageError

MAX_PIXELS = 89_478_485
"""The largest picture that is decoded: 256 MiB as 24-bit colour, and ten times that on the way
there (a WebP with transparent parts, turned). The server allows less: `serve.limits`."""

# How Pillow's readers notice that a header ends too early.
_ENDS_OF_DATA = (EOFError, IndexError, struct.error)


@dataclass(frozen=True)
class Limits:
    """What one picture may cost.

    Attributes:
        pixels: The most pixels of its largest frame.
        size_bytes: The most bytes of the file.
        seconds: The most processor time of the thread that decodes it.
    """

    pixels: int = MAX_PIXELS
    size_bytes: int = 1 << 30
    seconds: float = 20.0


LIMITS = Limits()
"""What training, prediction and the command line allow."""


class ClockedBytes(io.BytesIO):
    """A file in memory that stops answering when its reader has worked for too long.

    Pillow's decoders are fed piece by piece, so that a question for the next piece is where
    work that does not end can be ended. The clock is the thread's own processor time: a
    busy machine makes no picture unreadable.

    Args:
        content: The whole file.
        name: What to call it in an error.
        seconds: How much processor time its reader has, from now on.
    """

    def __init__(self, content: bytes, name: str, seconds: float) -> None:
        super().__init__(content)
        self._name, self._seconds = name, seconds
        self._until = time.thread_time() + seconds

    @override
    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes.

        Raises:
            ImageError: The time is over.
        """
        if time.thread_time() > self._until:
            raise ImageError(
                self._name, "too-slow", f"decoding must take at most {self._seconds:g} s."
            )
        return super().read(size)


def check_size(width: int, height: int, name: str, limits: Limits) -> None:
    """Raise `ImageError` where a picture, or a part of it, has too many pixels."""
    if width * height > limits.pixels:
        raise ImageError(
            name,
            "too-large",
            f"{width}×{height} is more than {limits.pixels:,} pixels. Fix: make it smaller.",
        )


@contextlib.contextmanager
def library_errors(name: str) -> Iterator[None]:
    """Turn every failure inside the image library into one `ImageError`.

    Raises:
        ImageError: With reason "too-large", "truncated" or "damaged".
    """
    try:
        yield
    except ImageError:
        raise
    except Exception as error:
        reason, detail = _explain(error)
        raise ImageError(name, reason, detail) from error


def _explain(error: Exception) -> tuple[str, str]:
    """Return code and words for an error of the image library, as far as they can be told."""
    said = str(error) or type(error).__name__
    bomb = Image.DecompressionBombError | Image.DecompressionBombWarning | MemoryError
    if isinstance(error, bomb) or "MAX_TEXT" in said:
        return "too-large", said
    if isinstance(error, _ENDS_OF_DATA) or isinstance(error.__cause__, _ENDS_OF_DATA):
        return "truncated", f"its header ends too early ({said})."
    return "truncated" if "truncated" in said.lower() else "damaged", said
