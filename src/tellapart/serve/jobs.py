"""One picture that waits: how it is to be answered, and what its decoding may cost."""

import threading
from dataclasses import dataclass, field

import numpy as np

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode
from tellapart.images.kinds import kind_of
from tellapart.images.limits import Limits as ImageLimits
from tellapart.predict.inputs import Item
from tellapart.sections import ImageSpec

HEAVY_BYTES = 4096
"""From so many on a picture's decoding, which lets other threads go on, is most of its work."""

HEAVY_PIXELS = 1 << 18
"""From so many on it is as well, however few bytes they come in."""

SMALL_PIXELS = 1 << 22
"""Up to so many any number of pictures are decoded at once; of larger ones one, except JPEGs."""

LARGE = threading.Lock()
"""Is held by whoever decodes a large picture: it may take 30 bytes a pixel (WebP, turned)."""


@dataclass(frozen=True)
class Wish:
    """Is how one picture is to be answered.

    Attributes:
        top: How many classes to name.
        always_answer: Whether it gets a label in any case.
        risk: The share of wrong labels to accept, or `None` for that of the rules.
    """

    top: int = 3
    always_answer: bool = False
    risk: float | None = None

    @property
    def is_usual(self) -> bool:
        """Return whether the answer is by the classifier's own rules."""
        return not self.always_answer and self.risk is None


@dataclass(frozen=True)
class Job:
    """Is one picture that waits.

    Attributes:
        item: The picture.
        wish: How it is to be answered.
        gone: Is set when nobody waits for the answer any longer.
    """

    item: Item
    wish: Wish
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def is_heavy(self) -> bool:
        """Return whether its answer is mostly other work than Python's.

        Of a file with few bytes the header is looked at: a PNG says its size in it, and a JPEG
        cannot have many pixels; others count as heavy.
        """
        content = self.item.content
        if isinstance(content, np.ndarray):
            return bool(content.nbytes >= HEAVY_BYTES)
        if not isinstance(content, bytes):
            return False  # an error
        if len(content) >= HEAVY_BYTES:
            return True
        kind = kind_of(content)
        if kind != "PNG" or content[12:16] != b"IHDR":
            return kind not in ("JPEG", None)
        width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
        return width * height >= HEAVY_PIXELS


def decode_item(item: Item, spec: ImageSpec, pixels: int) -> Pixels:
    """Return a picture's pixels, made to fit `spec`, within the memory that a server has.

    A JPEG is decoded at a smaller scale; of other large pictures, which take 6 to 30 bytes a
    pixel, one is decoded at a time, in the whole process.

    Args:
        item: The picture.
        spec: What the network sees.
        pixels: The most that it may have.

    Raises:
        ImageError: It cannot be read, or has more pixels.
    """
    content = item.content
    if not isinstance(content, bytes):
        return item.pixels(spec)
    most = ImageLimits(pixels=pixels)
    if kind_of(content) == "JPEG":
        return decode(content, spec, item.name, limits=most).pixels
    small = ImageLimits(pixels=min(pixels, SMALL_PIXELS))
    try:
        return decode(content, spec, item.name, limits=small).pixels
    except ImageError as error:
        if error.reason != "too-large":
            raise
    with LARGE:
        return decode(content, spec, item.name, limits=most).pixels
