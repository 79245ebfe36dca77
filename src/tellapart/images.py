"""The only place that turns bytes, pictures and arrays into the pixels a network sees.

Training, evaluation, the command line and prediction all come through here, so the
deployed model sees exactly the pixels that the trained model saw.
"""

import contextlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from tellapart.errors import DataError, ImageError
from tellapart.sections import ImageSpec

Pixels = NDArray[np.uint8]

MAX_PIXELS = 89_478_485
"""The largest picture that is decoded: 256 MiB as 24-bit colour."""

SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
"""The endings of the files that a folder source takes for pictures."""

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_HAS_ALPHA = frozenset({"RGBA", "LA", "PA", "RGBa"})
_HAS_COLOUR_KEY = frozenset({"1", "L", "P", "RGB"})
_ONLY_BY_WAY_OF = {"La": "LA", "LAB": "RGB"}


@dataclass(frozen=True)
class Decoded:
    """Pixels made from one picture.

    Attributes:
        pixels: `(height, width, channels)`, uint8, 0–255.
        repairs: What was changed on the way other than size and colour, in words.
    """

    pixels: Pixels
    repairs: tuple[str, ...] = ()


def decode(content: bytes, spec: ImageSpec, name: str = "the image") -> Decoded:
    """Return the pixels of an encoded picture, made to fit `spec`.

    Args:
        content: A whole PNG, JPEG or other file that Pillow reads.
        spec: Size, channels and how to fit.
        name: What to call the picture in an error.

    Raises:
        ImageError: Whatever goes wrong inside the image library.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> file = io.BytesIO()
        >>> Image.new("L", (56, 28), 255).save(file, "PNG")
        >>> decode(file.getvalue(), ImageSpec()).pixels.shape
        (28, 28, 1)
    """
    if not content:
        raise ImageError(name, "empty", "the file has no bytes.")
    with _library_errors(name), Image.open(io.BytesIO(content)) as picture:
        return _decode(picture, spec, name)


def read_file(path: Path, spec: ImageSpec) -> Decoded:
    """Return the pixels of a picture file, made to fit `spec`.

    Raises:
        ImageError: The file is missing, may not be read, or is no whole picture.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(str(path), "missing", "there is no such file.") from error
    except OSError as error:
        raise ImageError(str(path), "unreadable", error.strerror or str(error)) from error
    return decode(content, spec, str(path))


def decode_picture(picture: Image.Image, spec: ImageSpec, name: str = "the picture") -> Decoded:
    """Return the pixels of an opened Pillow picture, made to fit `spec`.

    Raises:
        ImageError: It is larger than `MAX_PIXELS`, damaged, or in a mode without a meaning here.
    """
    with _library_errors(name):
        return _decode(picture, spec, name)


def decode_array(array: Any, spec: ImageSpec, name: str = "the array") -> Decoded:
    """Return the pixels of one picture given as an array, made to fit `spec`.

    Args:
        array: `(height, width)` or `(height, width, 1 or 3)`, whole numbers 0–255.
        spec: Size, channels and how to fit.
        name: What to call the array in an error.

    Raises:
        ImageError: Another shape or another range.
    """
    try:
        pixels = as_uint8(np.asarray(array), name)
    except (DataError, ValueError) as error:
        raise ImageError(name, "not-pixels", str(error)) from error
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3) or not pixels.size:
        must = "it must be (h, w), (h, w, 1) or (h, w, 3)"
        raise ImageError(name, "not-pixels", f"{must}. Received: {np.shape(array)}.")
    return decode_picture(Image.fromarray(pixels), spec, name)


def examine(content: bytes, name: str) -> tuple[Pixels, Image.Image]:
    """Return a picture's pixels, upright, RGB, at its own size, and the opened file for its facts.

    Raises:
        ImageError: Whatever goes wrong inside the image library.
    """
    with _library_errors(name):
        picture = Image.open(io.BytesIO(content))
        width, height = (min(side, 4096) for side in picture.size)
        with contextlib.suppress(SyntaxError, ValueError, struct.error):
            if picture.getexif().get(ExifTags.Base.Orientation, 1) in range(5, 9):
                width, height = height, width
        spec = ImageSpec(height=height, width=width, channels=3, fit="stretch")
        return _decode(picture, spec, name).pixels, picture


def as_uint8(array: NDArray[Any], name: str) -> Pixels:
    """Return whole numbers 0–255 of any type as uint8, without a copy where they are.

    Raises:
        DataError: NaN, fractions, or numbers outside 0–255. Pixels scaled to 0–1 are
            told apart and the multiplication named.
    """
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"{name} must hold pixels as numbers. Received: {array.dtype}.")
    if array.size == 0:
        return array.astype(np.uint8)
    low, high = array.min(), array.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        count = int(array.size - np.isfinite(array).sum())
        raise DataError(f"{name} must hold no NaN and no infinity. Received: {count:,} of them.")
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        raise DataError(
            f"{name} must hold uint8 pixels 0–255; the network scales them itself. Received: "
            f"{array.dtype} in 0–1. Fix: images = (images * 255).round().astype('uint8')"
        )
    whole = array.astype(np.uint8) if low >= 0 and high <= 255 else None
    if whole is None or not np.array_equal(whole, array):
        raise DataError(
            f"{name} must hold whole numbers 0–255. Received: {array.dtype} in {low:g} to {high:g}."
        )
    return whole


@contextlib.contextmanager
def _library_errors(name: str) -> Iterator[None]:
    """Turn every failure inside the image library into one `ImageError`."""
    try:
        yield
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(name, "unknown-format", "no known picture format.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(name, "too-large", f"more than {MAX_PIXELS:,} pixels. {error}") from error
    except Exception as error:
        reason = "truncated" if "truncated" in str(error).lower() else "damaged"
        raise ImageError(name, reason, str(error) or type(error).__name__) from error


def _decode(picture: Image.Image, spec: ImageSpec, name: str) -> Decoded:
    if picture.width * picture.height > MAX_PIXELS:
        size = f"{picture.width}×{picture.height}"
        raise ImageError(name, "too-large", f"{size} is more than {MAX_PIXELS:,} pixels.")
    repairs = []
    if getattr(picture, "n_frames", 1) > 1:
        picture.seek(0)
        repairs.append("first frame of several")
    try:
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in range(2, 9)
    except (SyntaxError, ValueError, struct.error):
        turned = False
        repairs.append("unreadable EXIF passed over")
    if turned:
        picture = ImageOps.exif_transpose(picture)
        repairs.append("turned upright by its EXIF orientation")
    plain, more = _plain_colours(picture, spec, name)
    fitted = _fit(plain, spec)
    pixels = np.asarray(fitted, np.uint8).reshape(spec.shape)
    return Decoded(pixels, (*repairs, *more))


def _plain_colours(
    picture: Image.Image, spec: ImageSpec, name: str
) -> tuple[Image.Image, tuple[str, ...]]:
    """Return the picture as 8-bit grey or RGB, and what that took besides a conversion."""
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
    return picture.convert("L" if spec.channels == 1 else "RGB"), repairs


def _scale_deep(picture: Image.Image, name: str) -> Image.Image:
    """Return 16-bit, 32-bit or float grey as 8-bit grey, scaled instead of clipped."""
    values = np.asarray(picture, np.float64)
    high = float(values.max())
    if not np.isfinite(values).all() or values.min() < 0 or high > 65535:
        raise ImageError(name, "range", f"mode {picture.mode} with values outside 0 to 65535.")
    if picture.mode == "F":
        full = next(limit for limit in (1.0, 255.0, 65535.0) if high <= limit)
    else:
        full = 65535.0
    return Image.fromarray(np.rint(values * (255.0 / full)).astype(np.uint8))


def _fit(picture: Image.Image, spec: ImageSpec) -> Image.Image:
    """Return the picture at the size of `spec`; one that has it already is not touched."""
    size = (spec.width, spec.height)
    method = _RESAMPLING[spec.interpolation]
    if picture.size == size:
        return picture
    if spec.fit == "stretch":
        return picture.resize(size, method)
    if spec.fit == "crop":
        return ImageOps.fit(picture, size, method)
    # Not ImageOps.pad: it rounds the short side of a thin picture to nothing.
    width = min(spec.width, max(1, round(picture.width / picture.height * spec.height)))
    height = min(spec.height, max(1, round(picture.height / picture.width * spec.width)))
    ground = spec.background if spec.channels == 1 else (spec.background,) * 3
    padded = Image.new(picture.mode, size, ground)
    corner = (round((spec.width - width) / 2), round((spec.height - height) / 2))
    padded.paste(picture.resize((width, height), method), corner)
    return padded
