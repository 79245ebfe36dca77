"""Nasty files with what each must come to: a scene of 48×36 pixels, or one reason code."""

import struct
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tellapart.images.arrays import Pixels

sys.path.insert(0, str(Path(__file__).parent))
from craft import (
    bmp,
    bmp_head,
    boxes,
    chunk,
    encode,
    exif,
    frame_header,
    gif_of,
    insert,
    interlaced,
    lines,
    png,
    tiff,
    without,
)

GROUND = 40
_X, _Y = np.meshgrid(np.arange(48), np.arange(36))
SCENE: Pixels = np.stack([_X * 5, _Y * 7, 255 - _X * 2 - _Y * 3], axis=2).astype(np.uint8)
GREY: Pixels = np.asarray(Image.fromarray(SCENE).convert("L"))
GREYS = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
INK: Pixels = np.where(GREYS > 127, 255, 0).astype(np.uint8)
_BLACK_BELOW = np.where(_Y[:, :, np.newaxis] < 30, GREYS, 0).astype(np.uint8)
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


_CLEAR, _SHOWN = half_clear()
_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_JPEG = encode(SCENE, "JPEG", quality=95, subsampling=0)
_PNG = encode(SCENE, "PNG")
_SIDEWAYS: Pixels = np.ascontiguousarray(np.rot90(SCENE))

_STORED: dict[int, Pixels] = {
    2: np.fliplr(SCENE),
    3: np.rot90(SCENE, 2),
    4: np.flipud(SCENE),
    5: SCENE.transpose(1, 0, 2),
    6: np.rot90(SCENE),
    7: np.rot90(SCENE, 2).transpose(1, 0, 2),
    8: np.rot90(SCENE, -1),
}


def _turned(kind: str, orientation: int) -> bytes:
    stored = np.ascontiguousarray(_STORED[orientation])
    block = Image.Exif()
    block[0x0112] = orientation
    options: dict[str, object] = {"exif": block}
    options |= {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    return encode(stored, kind, **options)


def jpegs() -> Mapping[str, Nasty]:
    """Return what goes wrong, or is merely odd, in JPEG."""
    sideways = encode(_SIDEWAYS, "JPEG", quality=95, subsampling=0)
    files = {
        "progressive": read(encode(SCENE, "JPEG", quality=95, progressive=True), SCENE, 2),
        "grey": read(encode(GREY, "JPEG", quality=95), GREYS, 1),
        "ink": read(encode(Image.fromarray(SCENE).convert("CMYK"), "JPEG", quality=95), SCENE, 3),
        "odd subsampling": read(encode(SCENE, "JPEG", quality=95, subsampling=1), SCENE, 2),
        "coarse": read(encode(SCENE, "JPEG", quality=5), SCENE, 20),
        "restart markers": read(encode(SCENE, "JPEG", quality=95, restart_marker_rows=1), SCENE, 2),
        "junk behind": read(_JPEG + bytes(5000), SCENE, 1),
        "fill bytes": read(_JPEG[:2] + b"\xff" * 40 + _JPEG[2:], SCENE, 1),
        "broken EXIF": read(insert(_JPEG, 0xE1, b"Exif\0\0II*\0\xff\xff\xff\0"), SCENE, 1, NO_EXIF),
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
            encode(SCENE, "JPEG", quality=95, icc_profile=_PROFILE), SCENE, 2, remark=ICC
        ),
        "several": read(encode(SCENE, "MPO", quality=95, **more_frames()), SCENE, 2, SEVERAL),
        "half": refused(_JPEG[: len(_JPEG) // 2], "truncated"),
        "header alone": refused(_JPEG[:100], "truncated"),
        "no tables": refused(without(_JPEG, 0xDB), "damaged"),
        "no scan": refused(_JPEG[: _JPEG.index(b"\xff\xda")], "damaged"),
        "no height": refused(frame_header(_JPEG, 3, bytes(2)), "damaged"),
        "12 bits": refused(frame_header(_JPEG, 2, b"\x0c"), "damaged"),
        "2 layers": refused(frame_header(_JPEG, 7, b"\x02"), "damaged"),
        "giant": refused(frame_header(_JPEG, 3, b"\xff\xff" * 2), "too-large"),
        "beginning": refused(b"\xff\xd8\xff\xe0", "truncated"),
    }
    files |= {f"orientation {o}": read(_turned("JPEG", o), SCENE, 1, UPRIGHT) for o in _STORED}
    return {f"jpeg, {name}": file for name, file in files.items()}


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
        "alpha": read(encode(_CLEAR, "PNG"), _SHOWN, 0, OVER),
        "grey and alpha": read(encode(Image.fromarray(GREY).convert("LA"), "PNG"), GREYS, 0, OVER),
        "animated": read(encode(SCENE, "PNG", **more_frames()), SCENE, 0, SEVERAL),
        "profile": read(encode(SCENE, "PNG", icc_profile=_PROFILE), remark=ICC),
        "broken EXIF": read(encode(SCENE, "PNG", exif=b"MM\0*\0\0"), SCENE, 0, NO_EXIF),
        "no end": read(_PNG[:-12]),
        "junk behind": read(_PNG + bytes(5000)),
        "half": refused(_PNG[: len(_PNG) // 2], "truncated"),
        "signature alone": refused(_PNG[:8], "truncated"),
        "wrong check": refused(_PNG[:29] + bytes(4) + _PNG[33:], "damaged"),
        "no pixels": refused(png(48, 36, (8, 2, 0), b""), "truncated"),
        "pixels missing": refused(png(48, 36, (8, 2, 0), lines(SCENE[:9])), "truncated"),
        "interlaced pixels missing": refused(
            png(48, 36, (8, 2, 1), interlaced(SCENE)[:-1]), "truncated"
        ),
        "black below": read(png(48, 36, (8, 0, 0), lines(_BLACK_BELOW[:, :, 0])), _BLACK_BELOW),
        "no width": refused(png(0, 36, (8, 2, 0), b""), "damaged"),
        "unknown colours": refused(png(48, 36, (8, 5, 0), lines(SCENE)), "damaged"),
        "giant": refused(png(30_000, 30_000, (8, 0, 0), b"\0"), "too-large"),
        "endless": refused(png(2**31 - 1, 2**31 - 1, (8, 0, 0), b"\0"), "too-large"),
        "text bomb": refused(png(48, 36, (8, 2, 0), lines(SCENE), text), "too-large"),
    }
    return {f"png, {name}": file for name, file in files.items()}


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
        "alpha": read(encode(_CLEAR, "TIFF"), _SHOWN, 0, OVER),
        "big": read(encode(SCENE, "TIFF", big_tiff=True)),
        "several": read(encode(SCENE, "TIFF", **more_frames()), SCENE, 0, SEVERAL),
        "sideways": read(_turned("TIFF", 6), SCENE, 0, UPRIGHT),
        "sideways, LZW": read(
            encode(_SIDEWAYS, "TIFF", compression="tiff_lzw", tiffinfo={0x0112: 6}),
            SCENE,
            0,
            UPRIGHT,
        ),
        "profile": read(encode(SCENE, "TIFF", icc_profile=_PROFILE), remark=ICC),
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
        "webp, alpha": read(encode(_CLEAR, "WEBP", lossless=True), _SHOWN, 0, OVER),
        "webp, animated": read(
            encode(SCENE, "WEBP", lossless=True, **more_frames()), SCENE, 0, SEVERAL
        ),
        "webp, sideways": read(_turned("WEBP", 6), SCENE, 0, UPRIGHT),
        "webp, half": refused(lossless[: len(lossless) // 2], "damaged"),
        "webp, head alone": refused(lossless[:24], "damaged"),
        "avif, plain": read(avif, SCENE, 3),
        "avif, alpha": read(encode(_CLEAR, "AVIF", quality=95), _SHOWN, 6, OVER),
        "avif, sideways": read(_turned("AVIF", 6), SCENE, 6, UPRIGHT),
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


CORPUS: Mapping[str, Nasty] = {**jpegs(), **pngs(), **tiffs(), **others()}
