"""How a picture of any size becomes one of the asked size: pad, crop or stretch."""

from dataclasses import dataclass

from PIL import Image

from tellapart.sections import ImageSpec

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Placement:
    """Which part of a picture is shown, how large, and where.

    Attributes:
        box: Left, top, right and bottom of the part, in the picture's own pixels.
        size: (width, height) that it is shown at.
        corner: (left, top) of where it is shown.
    """

    box: Box
    size: tuple[int, int]
    corner: tuple[int, int] = (0, 0)

    @property
    def shrinking(self) -> float:
        """Return how many times smaller it is shown, in the direction where that is less."""
        left, top, right, bottom = self.box
        return min((right - left) / self.size[0], (bottom - top) / self.size[1])


def place(size: tuple[int, int], spec: ImageSpec) -> Placement:
    """Return how an upright picture of (width, height) `size` is made to fit `spec`.

    Example:
        >>> place((56, 28), ImageSpec(fit="pad"))
        Placement(box=(0, 0, 56, 28), size=(28, 14), corner=(0, 7))
    """
    width, height = size
    target = (spec.width, spec.height)
    if spec.fit == "stretch" or size == target:
        return Placement((0, 0, width, height), target)
    if spec.fit == "crop":
        return Placement(_middle(width, height, spec.width / spec.height), target)
    # Not ImageOps.pad: it rounds the short side of a thin picture to nothing.
    shown_width = min(spec.width, max(1, round(width / height * spec.height)))
    shown_height = min(spec.height, max(1, round(height / width * spec.width)))
    corner = (round((spec.width - shown_width) / 2), round((spec.height - shown_height) / 2))
    return Placement((0, 0, width, height), (shown_width, shown_height), corner)


def fit(picture: Image.Image, placed: Placement, spec: ImageSpec) -> Image.Image:
    """Return the picture as it was placed; one that has the size already is not touched.

    Args:
        picture: 8-bit grey or RGB, upright.
        placed: Where it goes; its box is in this picture's pixels.
        spec: Interpolation and background.
    """
    whole = placed.box == (0, 0, *picture.size)
    if not whole or picture.size != placed.size:
        picture = _resize(picture, placed, spec.interpolation)
    if placed.size == (spec.width, spec.height):
        return picture
    ground = spec.background if spec.channels == 1 else (spec.background,) * 3
    padded = Image.new(picture.mode, (spec.width, spec.height), ground)
    padded.paste(picture, placed.corner)
    return padded


def _resize(picture: Image.Image, placed: Placement, interpolation: str) -> Image.Image:
    """Return the shown part at its size: across first, then down, whatever Pillow prefers.

    Each direction is rounded to whole levels, so the order shows in the result. Pillow 13
    begins with the one that is cheaper, earlier ones always across.
    """
    kernel = _RESAMPLING[interpolation]
    left, top, right, bottom = placed.box
    width, height = placed.size
    if interpolation == "nearest":
        return picture.resize(placed.size, kernel, placed.box)
    across = picture.resize((width, picture.height), kernel, (left, 0, right, picture.height))
    return across.resize((width, height), kernel, (0, top, width, bottom))


def _middle(width: int, height: int, ratio: float) -> Box:
    """Return the largest box of the asked width over height in the middle of a picture."""
    shown_width, shown_height = min(width, ratio * height), min(height, width / ratio)
    left, top = (width - shown_width) / 2, (height - shown_height) / 2
    return left, top, min(width, left + shown_width), min(height, top + shown_height)
