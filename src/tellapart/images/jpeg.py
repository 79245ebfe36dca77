"""At which scale a JPEG is decoded: libjpeg makes 1/2, 1/4 and 1/8 cheaper than the whole."""

from dataclasses import replace

from PIL import JpegImagePlugin
from typing_extensions import override

from tellapart.images.fit import Placement, place
from tellapart.sections import ImageSpec

SCALES = (8, 4, 2, 1)
"""What a side may be divided by while decoding (libjpeg's `scale_denom`)."""

MARGIN = 2.0
"""How many times the shown size must be left for the resampling that follows.

Pillow's `Image.thumbnail` has the same margin by default, as its `reducing_gap`.
"""

# A clock is looked at between two pieces (see `limits.ClockedBytes`), and each scan of a
# progressive JPEG may pass over the whole picture with a few dozen bytes.
_PROGRESSIVE_PIECE_BYTES = 512

_RIGHT_BECOMES_LEFT = frozenset({2, 3, 6, 7})
_BELOW_BECOMES_ABOVE = frozenset({3, 4, 7, 8})


class JpegFile(JpegImagePlugin.JpegImageFile):
    """A JPEG of which only pixels, orientation and profile are wanted."""

    @override
    def _read_dpi_from_exif(self) -> None:
        """Leave the resolution alone: reading it warns about damage that does not matter."""


def dct_scale(size: tuple[int, int], spec: ImageSpec) -> int:
    """Return by what a JPEG's sides are divided while it is decoded: 1, 2, 4 or 8.

    It is the coarsest that leaves `MARGIN` times the shown size in both directions, and a
    function of its two arguments alone: whatever way a JPEG comes, its pixels are the same.
    "nearest" takes pixels as they are, so nothing is averaged before it.

    Args:
        size: (width, height) of the upright picture.
        spec: Size, fit and interpolation.

    Example:
        >>> dct_scale((4000, 3000), ImageSpec(height=224, width=224))
        8
    """
    if spec.interpolation == "nearest":
        return 1
    shrinking = place(size, spec).shrinking
    return next(scale for scale in SCALES if scale == 1 or shrinking >= MARGIN * scale)


def draft(picture: JpegFile, scale: int, channels: int) -> None:
    """Let an opened JPEG be decoded at `1 / scale`, and as grey where grey is all one needs."""
    width, height = picture.size
    # Pillow divides by the largest power of two that leaves the size it is asked for.
    asked = (max(1, width // scale), max(1, height // scale))
    picture.draft("L" if channels == 1 else None, asked)
    if "progressive" in picture.info:
        picture.decodermaxblock = _PROGRESSIVE_PIECE_BYTES


def scale_box(placed: Placement, size: tuple[int, int], scale: int, orientation: int) -> Placement:
    """Return a placement with its box in the pixels of an upright picture at `1 / scale`.

    libjpeg rounds sides up; what it adds lies right and below in the file, and elsewhere
    once the picture is turned.

    Args:
        placed: The placement of the whole picture.
        size: (width, height) of the whole upright picture.
        scale: What its sides were divided by.
        orientation: How it was turned.
    """
    width, height = size
    across = -width % scale if orientation in _RIGHT_BECOMES_LEFT else 0
    down = -height % scale if orientation in _BELOW_BECOMES_ABOVE else 0
    left, top, right, bottom = placed.box
    box = (
        (left + across) / scale,
        (top + down) / scale,
        (right + across) / scale,
        (bottom + down) / scale,
    )
    return replace(placed, box=box)
