"""The scene of 48×36 pixels that all nasty files show, and what a test expects of each."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tellapart.images.arrays import Pixels

sys.path.insert(0, str(Path(__file__).parent))
from craft import encode

GROUND = 40
_X, _Y = np.meshgrid(np.arange(48), np.arange(36))
SCENE: Pixels = np.stack([_X * 5, _Y * 7, 255 - _X * 2 - _Y * 3], axis=2).astype(np.uint8)
GREY: Pixels = np.asarray(Image.fromarray(SCENE).convert("L"))
GREYS = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
INK: Pixels = np.where(GREYS > 127, 255, 0).astype(np.uint8)
BLACK_BELOW = np.where(_Y[:, :, np.newaxis] < 30, GREYS, 0).astype(np.uint8)
BANDS = np.repeat(np.arange(36, dtype=np.uint8)[:, np.newaxis] * 7, 48, axis=1)

UPRIGHT = "turned upright by its EXIF orientation"
SEVERAL = "first frame of several"
DEEP = "deep pixels scaled to 8 bit"
OVER = f"transparent parts laid over grey level {GROUND}"
NO_EXIF = "unreadable EXIF passed over"
ICC = "ICC profile left alone"


@dataclass(frozen=True)
class Nasty:
    """One file, and what it must come to.

    Attributes:
        content: The file.
        like: The pixels `(36, 48, 3)`, where it is read.
        within: By how many grey levels they may differ, on average.
        reason: The reason code, where it is refused.
        repairs: What must be said to be mended.
        remarks: What must be said to be left alone.
    """

    content: bytes
    like: Pixels | None = None
    within: float = 0.0
    reason: str = ""
    repairs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def read(
    content: bytes, like: Pixels = SCENE, within: float = 0.0, *repairs: str, remark: str = ""
) -> Nasty:
    return Nasty(content, like, within, "", repairs, (remark,) if remark else ())


def refused(content: bytes, reason: str) -> Nasty:
    return Nasty(content, reason=reason)


def half_clear() -> tuple[Image.Image, Pixels]:
    """Return the scene with a clear left half, and what shows of it over the ground."""
    picture = Image.fromarray(SCENE).convert("RGBA")
    alpha = np.where(_X < 24, 0, 255).astype(np.uint8)
    picture.putalpha(Image.fromarray(alpha))
    shown = np.where(alpha[:, :, np.newaxis] == 0, GROUND, SCENE).astype(np.uint8)
    return picture, shown


def more_frames() -> dict[str, object]:
    """Return what makes an encoder write two more frames; encoders leave traces on pictures."""
    return {"save_all": True, "append_images": [Image.new("RGB", (48, 36), "red") for _ in "ab"]}


CLEAR, SHOWN = half_clear()
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SIDEWAYS: Pixels = np.ascontiguousarray(np.rot90(SCENE))

STORED: dict[int, Pixels] = {
    2: np.fliplr(SCENE),
    3: np.rot90(SCENE, 2),
    4: np.flipud(SCENE),
    5: SCENE.transpose(1, 0, 2),
    6: np.rot90(SCENE),
    7: np.rot90(SCENE, 2).transpose(1, 0, 2),
    8: np.rot90(SCENE, -1),
}


def turned(kind: str, orientation: int) -> bytes:
    """Return the scene as a file that must be turned to show it."""
    stored = np.ascontiguousarray(STORED[orientation])
    block = Image.Exif()
    block[0x0112] = orientation
    options: dict[str, object] = {"exif": block}
    options |= {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    return encode(stored, kind, **options)
