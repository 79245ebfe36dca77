"""WebP, AVIF, GIF, BMP and PPM with what goes wrong in them, and what is no picture."""

import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from craft import bmp, bmp_head, boxes, encode, gif_of
from scene import (
    BANDS,
    CLEAR,
    DEEP,
    GREY,
    GREYS,
    INK,
    OVER,
    SCENE,
    SEVERAL,
    SHOWN,
    UPRIGHT,
    Nasty,
    more_frames,
    read,
    refused,
    turned,
)


def others() -> Mapping[str, Nasty]:
    """Return the same for the other kinds, and what is no picture."""
    lossless = encode(SCENE, "WEBP", lossless=True)
    avif = encode(SCENE, "AVIF", quality=95, subsampling="4:4:4")
    flat = encode(Image.fromarray(BANDS), "GIF")
    rows = b"".join(bytes([48, band, 0, 0]) for band in reversed(range(36))) + b"\0\1"
    colours = b"".join(bytes([band * 7] * 3 + [0]) for band in range(256) if band < 36)
    bands = np.repeat(BANDS[:, :, np.newaxis], 3, axis=2)
    bgr = SCENE[:, :, ::-1]
    old = struct.pack("<IHHHH", 12, 48, 36, 1, 24)
    words = " ".join(map(str, SCENE.ravel())).encode()
    deep = (GREY.astype(">u2") * 257).tobytes()
    white = np.full((36, 48, 3), 0, np.uint8)
    white[0, 0] = 255
    return {
        "webp, lossless": read(lossless),
        "webp, lossy": read(encode(SCENE, "WEBP", quality=95), SCENE, 4),
        "webp, alpha": read(encode(CLEAR, "WEBP", lossless=True), SHOWN, 0, OVER),
        "webp, animated": read(
            encode(SCENE, "WEBP", lossless=True, **more_frames()), SCENE, 0, SEVERAL
        ),
        "webp, sideways": read(turned("WEBP", 6), SCENE, 0, UPRIGHT),
        "webp, half": refused(lossless[: len(lossless) // 2], "damaged"),
        "webp, head alone": refused(lossless[:24], "damaged"),
        "avif, plain": read(avif, SCENE, 3),
        "avif, alpha": read(encode(CLEAR, "AVIF", quality=95), SHOWN, 6, OVER),
        "avif, sideways": read(turned("AVIF", 6), SCENE, 6, UPRIGHT),
        "avif, animated": read(encode(SCENE, "AVIF", **more_frames()), SCENE, 6, SEVERAL),
        "avif, half": refused(avif[: len(avif) // 2], "damaged"),
        "avif, head alone": refused(boxes(b"avif", b"avif", b"mif1"), "damaged"),
        "gif, plain": read(flat, bands),
        "gif, animated": read(
            encode(Image.fromarray(BANDS), "GIF", **more_frames()), bands, 0, SEVERAL
        ),
        "gif, 100,000 frames": read(gif_of(100_000), white, 0, SEVERAL),
        "gif, half": refused(flat[: len(flat) // 2], "truncated"),
        "gif, no frame": refused(gif_of(0), "truncated"),
        "bmp, plain": read(encode(SCENE, "BMP")),
        "bmp, from the top": read(bmp(bmp_head(48, -36, 24), bgr.tobytes())),
        "bmp, of OS/2": read(bmp(old, bgr[::-1].tobytes())),
        "bmp, run lengths": read(bmp(bmp_head(48, 36, 8, 1) + colours, rows), bands),
        "bmp, half": refused(encode(SCENE, "BMP")[:2000], "truncated"),
        "bmp, giant": refused(bmp(bmp_head(60_000, 60_000, 24), b""), "too-large"),
        "ppm, plain": read(encode(SCENE, "PPM")),
        "ppm, in words": read(b"P3 # a remark\n48 36\n255\n" + words),
        "ppm, 16 bits": read(b"P5 48 36 65535\n" + deep, GREYS, 0, DEEP),
        "ppm, 1 bit": read(encode(Image.fromarray(INK[:, :, 0]).convert("1"), "PPM"), INK),
        "ppm, half": refused(encode(SCENE, "PPM")[:2000], "truncated"),
        "ppm, giant": refused(b"P6 99999 99999 255\n", "too-large"),
        "ppm, no number": refused(b"P6 4x 36 255\n" + bytes(99), "damaged"),
        "no bytes": refused(b"", "empty"),
        "text": refused(b"P5 is a model of a camera.", "unknown-format"),
        "page": refused(b"<html><body>404</body></html>", "unknown-format"),
        "drawing": refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unknown-format"),
        "zip": refused(b"PK\3\4" + bytes(99), "unknown-format"),
        "document": refused(b"%PDF-1.7\n" + bytes(99), "unknown-format"),
        "heic": refused(boxes(b"heic", b"mif1", b"heic"), "unknown-format"),
        "film": refused(boxes(b"isom", b"mp41"), "unknown-format"),
        "sound": refused(b"RIFF\x24\0\0\0WAVEfmt " + bytes(99), "unknown-format"),
        "icon": refused(encode(SCENE, "ICO"), "unknown-format"),
        "zeros": refused(bytes(4096), "unknown-format"),
    }
