"""Pictures that are opened and not yet decoded: from bytes, and what can be said of them."""

import importlib
import importlib.util
import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

import PIL
from PIL import Image, ImageFile, JpegImagePlugin, TiffImagePlugin

from tellapart.errors import ImageError
from tellapart.images.limits import ClockedBytes, Limits, check_size
from tellapart.images.upright import first_value

# By name, since one costs its import and AVIF's is missing from older versions of Pillow.
_READERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile"),
        "BMP": ("PIL.BmpImagePlugin", "BmpImageFile"),
        "GIF": ("PIL.GifImagePlugin", "GifImageFile"),
        "JPEG": ("tellapart.images.jpeg", "JpegFile"),
        "PNG": ("tellapart.images.png", "PngFile"),
        "PPM": ("PIL.PpmImagePlugin", "PpmImageFile"),
        "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile"),
        "WebP": ("PIL.WebPImagePlugin", "WebPImageFile"),
    }
)
_MPF_COUNT = 0xB001
_NEEDS = {"AVIF": "PIL._avif", "WebP": "PIL._webp"}


def open_picture(content: bytes, kind: str, name: str, limits: Limits) -> ImageFile.ImageFile:
    """Return a picture of a known kind, opened and not yet decoded.

    The kind's own reader is asked, not `Image.open`: that one imports every reader there
    is, tries them in turn, and warns where this refuses.

    Raises:
        ImageError: This Pillow cannot read the kind, or it is too large.
    """
    if len(content) > limits.size_bytes:
        raise ImageError(name, "too-large", f"it is more than {limits.size_bytes:,} bytes.")
    check_reader(kind, name)
    module, reader = _READERS[kind]
    opened: ImageFile.ImageFile = getattr(importlib.import_module(module), reader)(
        ClockedBytes(content, name, limits.seconds)
    )
    check_size(*opened.size, name, limits)
    if isinstance(opened, TiffImagePlugin.TiffImageFile):
        _check_tiles(opened, name, limits)
    return opened


def file_of(picture: Image.Image) -> bytes | None:
    """Return the bytes of a JPEG that was opened and not yet loaded, else nothing.

    A file that Pillow opened by its path is closed, as loading would do; the picture goes on
    with its bytes.
    """
    if not isinstance(picture, JpegImagePlugin.JpegImageFile) or picture.fp is None:
        return None
    if not picture.tile or picture.decoderconfig:
        return None
    position = picture.fp.tell()
    picture.fp.seek(0)
    content = picture.fp.read()
    # One with several frames keeps its file open whatever happens.
    if picture.format == "JPEG" and getattr(picture, "_exclusive_fp", False):
        picture.fp.close()
        picture.fp = io.BytesIO(content)
    picture.fp.seek(position)
    return content


def has_more_frames(picture: Image.Image) -> bool:
    """Return whether there is a second frame; never how many, which may take minutes."""
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        try:
            return (first_value(picture.info.get("mp", b""), _MPF_COUNT) or 1) > 1
        except ValueError:
            return False
    return bool(getattr(picture, "is_animated", False))


def check_reader(
    kind: str, name: str, find: Callable[[str], object] = importlib.util.find_spec
) -> None:
    """Raise `ImageError` where Pillow was built without the decoder of this kind.

    Args:
        kind: What the picture is.
        name: What to call it in an error.
        find: Returns nothing for a module that is not there.
    """
    if kind in _NEEDS and find(_NEEDS[kind]) is None:
        raise ImageError(
            name,
            "unsupported",
            f"{kind} needs Pillow 11.3 or newer with {kind} built in. Received: Pillow "
            f"{PIL.__version__}. Fix: pip install --upgrade 'pillow>=11.3'",
        )


def _check_tiles(picture: TiffImagePlugin.TiffImageFile, name: str, limits: Limits) -> None:
    """Raise `ImageError` for a TIFF in tiles that are far larger than the picture."""
    width = picture.tag_v2.get(TiffImagePlugin.TILEWIDTH, 0)
    height = picture.tag_v2.get(TiffImagePlugin.TILELENGTH, 0)
    if isinstance(width, int) and isinstance(height, int):
        check_size(width, height, name, limits)
