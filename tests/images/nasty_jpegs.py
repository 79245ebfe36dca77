"""JPEG: what goes wrong in it, or is merely odd."""

import sys
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from craft import encode, exif, frame_header, insert, without
from scene import (
    GREY,
    GREYS,
    ICC,
    NO_EXIF,
    PROFILE,
    SCENE,
    SEVERAL,
    SIDEWAYS,
    STORED,
    UPRIGHT,
    Nasty,
    more_frames,
    read,
    refused,
    turned,
)

JPEG = encode(SCENE, "JPEG", quality=95, subsampling=0)


def jpegs() -> Mapping[str, Nasty]:
    """Return what goes wrong, or is merely odd, in JPEG."""
    sideways = encode(SIDEWAYS, "JPEG", quality=95, subsampling=0)
    files = {
        "progressive": read(encode(SCENE, "JPEG", quality=95, progressive=True), SCENE, 2),
        "grey": read(encode(GREY, "JPEG", quality=95), GREYS, 1),
        "ink": read(encode(Image.fromarray(SCENE).convert("CMYK"), "JPEG", quality=95), SCENE, 3),
        "odd subsampling": read(encode(SCENE, "JPEG", quality=95, subsampling=1), SCENE, 2),
        "coarse": read(encode(SCENE, "JPEG", quality=5), SCENE, 20),
        "restart markers": read(encode(SCENE, "JPEG", quality=95, restart_marker_rows=1), SCENE, 2),
        "junk behind": read(JPEG + bytes(5000), SCENE, 1),
        "fill bytes": read(JPEG[:2] + b"\xff" * 40 + JPEG[2:], SCENE, 1),
        "broken EXIF": read(insert(JPEG, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\0"), SCENE, 1, NO_EXIF),
        "EXIF twice introduced": read(
            insert(sideways, 0xE1, b"Exif\0\0Exif\0\0" + exif(6, ">")), SCENE, 1, UPRIGHT
        ),
        "EXIF as long": read(
            insert(sideways, 0xE1, b"Exif\0\0" + exif(6, "<", 4)), SCENE, 1, UPRIGHT
        ),
        "orientation in XMP": read(
            insert(sideways, 0xE1, b'http://ns.adobe.com/xap/1.0/\0<a tiff:Orientation="6">'),
            SCENE,
            1,
            UPRIGHT,
        ),
        "profile": read(
            encode(SCENE, "JPEG", quality=95, icc_profile=PROFILE), SCENE, 2, remark=ICC
        ),
        "several": read(encode(SCENE, "MPO", quality=95, **more_frames()), SCENE, 2, SEVERAL),
        "half": refused(JPEG[: len(JPEG) // 2], "truncated"),
        "header alone": refused(JPEG[:100], "truncated"),
        "no tables": refused(without(JPEG, 0xDB), "damaged"),
        "no scan": refused(JPEG[: JPEG.index(b"\xff\xda")], "damaged"),
        "no height": refused(frame_header(JPEG, 3, bytes(2)), "damaged"),
        "12 bits": refused(frame_header(JPEG, 2, b"\x0c"), "damaged"),
        "2 layers": refused(frame_header(JPEG, 7, b"\x02"), "damaged"),
        "giant": refused(frame_header(JPEG, 3, b"\xff\xff" * 2), "too-large"),
        "beginning": refused(b"\xff\xd8\xff\xe0", "truncated"),
    }
    files |= {f"orientation {o}": read(turned("JPEG", o), SCENE, 1, UPRIGHT) for o in STORED}
    return {f"jpeg, {name}": file for name, file in files.items()}
