"""PNG: what goes wrong in it, or is merely odd."""

import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from craft import chunk, encode, interlaced, lines, png
from scene import (
    BANDS,
    BLACK_BELOW,
    CLEAR,
    DEEP,
    GREY,
    GREYS,
    GROUND,
    ICC,
    INK,
    NO_EXIF,
    OVER,
    PROFILE,
    SCENE,
    SEVERAL,
    SHOWN,
    Nasty,
    more_frames,
    read,
    refused,
)

PNG = encode(SCENE, "PNG")


def pngs() -> Mapping[str, Nasty]:
    """Return what goes wrong, or is merely odd, in PNG."""
    deep = GREY.astype(np.uint16) * 257
    wide = SCENE.astype(np.uint16) * 257
    palette = Image.fromarray(BANDS // 7)
    palette = palette.convert("P")
    palette.putpalette([level for band in range(36) for level in (band * 7,) * 3])
    bands = np.repeat(BANDS[:, :, np.newaxis], 3, axis=2)
    keyed = np.where(bands == 7, GROUND, bands).astype(np.uint8)
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 24)))
    files = {
        "16 bits": read(encode(Image.fromarray(deep), "PNG"), GREYS, 0, DEEP),
        "16 bits of colour": read(png(48, 36, (16, 2, 0), lines(wide))),
        "1 bit": read(encode(Image.fromarray(INK[:, :, 0]).convert("1"), "PNG"), INK),
        "interlaced": read(png(48, 36, (8, 2, 1), interlaced(SCENE))),
        "palette": read(encode(palette, "PNG"), bands),
        "clear entry": read(encode(palette, "PNG", transparency=1), keyed, 0, OVER),
        "clear entries": read(encode(palette, "PNG", transparency=b"\xff\0"), keyed, 0, OVER),
        "grey key": read(encode(BANDS, "PNG", transparency=7), keyed, 0, OVER),
        "alpha": read(encode(CLEAR, "PNG"), SHOWN, 0, OVER),
        "grey and alpha": read(encode(Image.fromarray(GREY).convert("LA"), "PNG"), GREYS, 0, OVER),
        "animated": read(encode(SCENE, "PNG", **more_frames()), SCENE, 0, SEVERAL),
        "profile": read(encode(SCENE, "PNG", icc_profile=PROFILE), remark=ICC),
        "broken EXIF": read(encode(SCENE, "PNG", exif=b"MM\0*\0\0"), SCENE, 0, NO_EXIF),
        "no end": read(PNG[:-12]),
        "junk behind": read(PNG + bytes(5000)),
        "half": refused(PNG[: len(PNG) // 2], "truncated"),
        "signature alone": refused(PNG[:8], "truncated"),
        "wrong check": refused(PNG[:29] + bytes(4) + PNG[33:], "damaged"),
        "no pixels": refused(png(48, 36, (8, 2, 0), b""), "truncated"),
        "pixels missing": refused(png(48, 36, (8, 2, 0), lines(SCENE[:9])), "truncated"),
        "interlaced pixels missing": refused(
            png(48, 36, (8, 2, 1), interlaced(SCENE)[:-1]), "truncated"
        ),
        "black below": read(png(48, 36, (8, 0, 0), lines(BLACK_BELOW[:, :, 0])), BLACK_BELOW),
        "no width": refused(png(0, 36, (8, 2, 0), b""), "damaged"),
        "unknown colours": refused(png(48, 36, (8, 5, 0), lines(SCENE)), "damaged"),
        "giant": refused(png(30_000, 30_000, (8, 0, 0), b"\0"), "too-large"),
        "endless": refused(png(2**31 - 1, 2**31 - 1, (8, 0, 0), b"\0"), "too-large"),
        "text bomb": refused(png(48, 36, (8, 2, 0), lines(SCENE), text), "too-large"),
    }
    return {f"png, {name}": file for name, file in files.items()}
