"""Bytes, files, pictures and arrays become pixels, by one way for all.

Training, evaluation, the command line and prediction all come through here, so the
deployed model sees exactly the pixels that the trained model saw.
"""

from dataclasses import dataclass, replace
from io import RawIOBase
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tellapart.errors import DataError, ImageError
from tellapart.images.arrays import Pixels, as_uint8
from tellapart.images.colours import plain_colours
from tellapart.images.fit import Placement, fit, place
from tellapart.images.jpeg import JpegFile, dct_scale, draft, scale_box
from tellapart.images.kinds import HEAD_BYTES, kind_of, suffix_remark
from tellapart.images.limits import LIMITS, Limits, check_size, library_errors
from tellapart.images.opening import file_of, has_more_frames, open_picture
from tellapart.images.quick_png import QUICK_SECONDS, open_quickly
from tellapart.images.upright import TRANSPOSED, orientation_of, turn_upright
from tellapart.sections import ImageSpec

_PIECE_BYTES = 1 << 18
"""What is read at once: most pictures; a larger piece costs every small picture its memory."""


@dataclass(frozen=True)
class Decoded:
    """Pixels made from one picture.

    Attributes:
        pixels: `(height, width, channels)`, uint8, 0–255.
        repairs: What was changed on the way other than size and colour, in words.
        remarks: What was found and left alone, in words.
    """

    pixels: Pixels
    repairs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def decode(
    content: bytes, spec: ImageSpec, name: str = "the image", *, limits: Limits = LIMITS
) -> Decoded:
    """Return the pixels of an encoded picture, made to fit `spec`.

    Large JPEGs are decoded at the scale of `jpeg.dct_scale`.

    Args:
        content: A whole file of one of the kinds in `kinds.SUFFIXES_OF`.
        spec: Size, channels and how to fit.
        name: What to call the picture in an error; its ending may not fit its content.
        limits: What it may cost.

    Raises:
        ImageError: No picture, a larger one than is allowed, or whatever goes wrong inside
            the image library.

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
    kind = kind_of(content)
    if kind is None:
        raise ImageError(name, "unknown-format", "no known picture format.")
    named = suffix_remark(name, kind)
    with library_errors(name), _open(content, kind, name, limits) as picture:
        decoded = _decode(picture, spec, name, limits)
    return replace(decoded, remarks=decoded.remarks + named) if named else decoded


def read_file(path: str | Path, spec: ImageSpec, *, limits: Limits = LIMITS) -> Decoded:
    """Return the pixels of a picture file, made to fit `spec`.

    Raises:
        ImageError: The file is missing, may not be read, or is no whole picture.
    """
    return decode(read_content(path, limits=limits), spec, str(path), limits=limits)


def read_content(path: str | Path, *, limits: Limits = LIMITS) -> bytes:
    """Return the bytes of a picture file as they lie there.

    Of what is no picture by its first bytes only these are read, and of all others no more
    than may be decoded.

    Raises:
        ImageError: The file is missing or may not be read.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - twice as fast
            return read_some(file, limits)
    except FileNotFoundError as error:
        raise ImageError(str(path), "missing", "there is no such file.") from error
    except (OSError, ValueError) as error:  # no system takes such a path, as with a NUL in it
        detail = getattr(error, "strerror", None) or str(error)
        raise ImageError(str(path), "unreadable", detail) from error


def read_some(file: IO[bytes] | RawIOBase, limits: Limits = LIMITS) -> bytes:
    """Return what is in an open file from here on, as far as it can be a picture.

    Of what is no picture by its first bytes only these are returned, and of all others no more
    than a piece over what may be decoded, by which it is refused.
    """
    parts, size = [file.read(_PIECE_BYTES) or b""], 0
    while parts[-1]:
        size += len(parts[-1])
        if size >= HEAD_BYTES and len(parts) == 1 and kind_of(parts[0]) is None:
            return parts[0][:HEAD_BYTES]
        if size > limits.size_bytes:
            break
        parts.append(file.read(_PIECE_BYTES) or b"")
    return b"".join(parts)


def decode_picture(
    picture: Image.Image,
    spec: ImageSpec,
    name: str = "the picture",
    *,
    limits: Limits = LIMITS,
) -> Decoded:
    """Return the pixels of an opened Pillow picture, made to fit `spec`.

    A JPEG that was opened and not yet loaded gives the pixels that its file gives. One that
    was loaded cannot be decoded at another scale any more: on photos its pixels are those of
    the file within 1 grey level on average (`docs/decisions/006-decoding.md`).

    Args:
        picture: Any Pillow picture; it stays as it is, on the frame where it stands.
        spec: Size, channels and how to fit.
        name: What to call the picture in an error.
        limits: What it may cost; bytes and time are for JPEGs not yet loaded.

    Raises:
        ImageError: It is too large, damaged, or in a mode without a meaning here.
    """
    with library_errors(name):
        frame = picture.tell()
        if frame:
            picture.seek(0)
        try:
            content = file_of(picture)
            if content is None:
                return _decode(picture, spec, name, limits)
        finally:
            if frame:
                picture.seek(frame)
    return decode(content, spec, name, limits=limits)


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
    check_shape(pixels, name)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    return decode_picture(Image.fromarray(pixels), spec, name)


def check_shape(array: NDArray[Any], name: str) -> None:
    """Raise `ImageError` unless an array can be one picture."""
    is_one = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3))
    if not is_one or not array.size:
        must = "it must be (h, w), (h, w, 1) or (h, w, 3)"
        raise ImageError(name, "not-pixels", f"{must}. Received: {array.shape}.")


def _open(content: bytes, kind: str, name: str, limits: Limits) -> Image.Image:
    """Return a picture of a known kind, by the quickest way that leads to the same pixels."""
    quick = None
    if kind == "PNG" and len(content) <= limits.size_bytes and limits.seconds >= QUICK_SECONDS:
        quick = open_quickly(content)
    return quick or open_picture(content, kind, name, limits)


def _decode(picture: Image.Image, spec: ImageSpec, name: str, limits: Limits) -> Decoded:
    check_size(*picture.size, name, limits)
    if type(picture) is Image.Image and not picture.info and _fits(picture, spec):
        return Decoded(np.asarray(picture).reshape(spec.shape))
    repairs = ("first frame of several",) if has_more_frames(picture) else ()
    remarks = ("ICC profile left alone",) if picture.info.get("icc_profile") else ()
    orientation, passed_over = orientation_of(picture)
    if orientation != 1:
        passed_over += ("turned upright by its EXIF orientation",)
    upright, placed = _place_upright(picture, orientation, spec)
    plain, mended = plain_colours(upright, spec, name)
    pixels = np.asarray(fit(plain, placed, spec), np.uint8).reshape(spec.shape)
    return Decoded(pixels, (*repairs, *passed_over, *mended), remarks)


def _fits(picture: Image.Image, spec: ImageSpec) -> bool:
    """Return whether a picture has the size and the mode that are asked for."""
    is_asked = picture.mode == ("L" if spec.channels == 1 else "RGB")
    return is_asked and picture.size == (spec.width, spec.height)


def _place_upright(
    picture: Image.Image, orientation: int, spec: ImageSpec
) -> tuple[Image.Image, Placement]:
    """Return the picture loaded and upright, and where it goes; JPEGs no larger than needed."""
    if not isinstance(picture, JpegFile):
        upright = turn_upright(picture, orientation)
        return upright, place(upright.size, spec)
    width, height = picture.size
    full = (height, width) if orientation in TRANSPOSED else (width, height)
    scale = dct_scale(full, spec)
    draft(picture, scale, spec.channels)
    placed = scale_box(place(full, spec), full, scale, orientation)
    return turn_upright(picture, orientation), placed
