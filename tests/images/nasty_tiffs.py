"""TIFF: what goes wrong in it, or is merely odd."""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from craft import encode, tiff
from scene import (
    CLEAR,
    DEEP,
    GREY,
    GREYS,
    ICC,
    INK,
    OVER,
    PROFILE,
    SCENE,
    SEVERAL,
    SHOWN,
    SIDEWAYS,
    UPRIGHT,
    Nasty,
    more_frames,
    read,
    refused,
    turned,
)


def tiffs() -> Mapping[str, Nasty]:
    """Return what goes wrong, or is merely odd, in TIFF."""
    deep = GREY.astype(np.uint16) * 257
    scene = Image.fromarray(SCENE)
    plain = encode(SCENE, "TIFF")
    broken = np.full((36, 48), np.nan, np.float32)
    tags = {256: 48, 257: 36, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 36, 279: 48 * 36}
    looped = tiff(tags, GREY.tobytes(), 8 + 48 * 36)
    tiles = {256: 8, 257: 8, 258: 8, 259: 8, 262: 1, 277: 1, 322: 60_000, 323: 60_000}
    files = {
        "plain": read(plain),
        "LZW": read(encode(SCENE, "TIFF", compression="tiff_lzw")),
        "deflate": read(encode(SCENE, "TIFF", compression="tiff_adobe_deflate")),
        "jpeg inside": read(encode(SCENE, "TIFF", compression="jpeg", quality=95), SCENE, 3),
        "fax": read(
            encode(Image.fromarray(INK[:, :, 0]).convert("1"), "TIFF", compression="group4"), INK
        ),
        "float": read(encode(Image.fromarray(GREY / np.float32(255)), "TIFF"), GREYS, 0, DEEP),
        "16 bits": read(encode(Image.fromarray(deep), "TIFF"), GREYS, 0, DEEP),
        "32 bits": read(encode(Image.fromarray(deep.astype(np.int32)), "TIFF"), GREYS, 0, DEEP),
        "ink": read(encode(scene.convert("CMYK"), "TIFF"), SCENE, 1),
        "alpha": read(encode(CLEAR, "TIFF"), SHOWN, 0, OVER),
        "big": read(encode(SCENE, "TIFF", big_tiff=True)),
        "several": read(encode(SCENE, "TIFF", **more_frames()), SCENE, 0, SEVERAL),
        "sideways": read(turned("TIFF", 6), SCENE, 0, UPRIGHT),
        "sideways, LZW": read(
            encode(SIDEWAYS, "TIFF", compression="tiff_lzw", tiffinfo={0x0112: 6}),
            SCENE,
            0,
            UPRIGHT,
        ),
        "profile": read(encode(SCENE, "TIFF", icc_profile=PROFILE), remark=ICC),
        "directory that follows itself": read(looped, GREYS),
        "not a number": refused(encode(Image.fromarray(broken), "TIFF"), "range"),
        "half": refused(plain[: len(plain) // 2], "truncated"),
        "head alone": refused(plain[:8], "damaged"),
        "no directory": refused(b"II*\0\xff\xff\xff\x7f" + bytes(64), "damaged"),
        "no size": refused(tiff({258: 8, 259: 1, 262: 1}), "damaged"),
        "unknown packing": refused(tiff({**tags, 259: 9999}, GREY.tobytes()), "damaged"),
        "giant": refused(tiff({**tags, 256: 60_000, 257: 60_000}), "too-large"),
        "giant tiles": refused(tiff(tiles, bytes(99)), "too-large"),
    }
    return {f"tiff, {name}": file for name, file in files.items()}
