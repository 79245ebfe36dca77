"""How pixels of every mode become 8-bit grey or RGB."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.sections import ImageSpec

_HAS_ALPHA = frozenset({"RGBA", "LA", "PA", "RGBa"})
_HAS_COLOUR_KEY = frozenset({"1", "L", "P", "RGB"})
_ONLY_BY_WAY_OF = {"La": "LA", "LAB": "RGB"}

_16_TO_8_BIT = np.rint(np.arange(65536) * (255.0 / 65535.0)).astype(np.uint8)


def plain_colours(
    picture: Image.Image, spec: ImageSpec, name: str
) -> tuple[Image.Image, tuple[str, ...]]:
    """Return the picture as 8-bit grey or RGB, and what that took besides a conversion.

    Raises:
        ImageError: Deep pixels with values outside 0 to 65535.
    """
    repairs: tuple[str, ...] = ()
    if picture.mode.startswith("I") or picture.mode == "F":
        picture, repairs = _scale_deep(picture, name), ("deep pixels scaled to 8 bit",)
    if picture.mode in _HAS_COLOUR_KEY and "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if picture.mode in _ONLY_BY_WAY_OF:
        picture = picture.convert(_ONLY_BY_WAY_OF[picture.mode])
    if picture.mode in _HAS_ALPHA:
        rgba = picture.convert("RGBA")
        ground = Image.new("RGBA", rgba.size, (spec.background,) * 3 + (255,))
        picture = Image.alpha_composite(ground, rgba).convert("RGB")
        repairs += (f"transparent parts laid over grey level {spec.background}",)
    wanted = "L" if spec.channels == 1 else "RGB"
    return picture if picture.mode == wanted else picture.convert(wanted), repairs


def _scale_deep(picture: Image.Image, name: str) -> Image.Image:
    """Return 16-bit, 32-bit or float grey as 8-bit grey, scaled instead of clipped."""
    values = np.asarray(picture)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0 or high > 65535:
        raise ImageError(name, "range", f"mode {picture.mode} with values outside 0 to 65535.")
    scaled = _scale_floats(values, high) if picture.mode == "F" else _16_TO_8_BIT[values]
    return Image.fromarray(scaled)


def _scale_floats(values: NDArray[Any], high: float) -> Pixels:
    """Return floats as uint8, by the least of the usual ranges that holds them."""
    full = next(limit for limit in (1.0, 255.0, 65535.0) if high <= limit)
    scaled: Pixels = np.rint(values.astype(np.float64) * (255.0 / full)).astype(np.uint8)
    return scaled
