"""Decoding JPEGs against a plain Pillow loop: processor time of one core, and agreement.

The plain loop opens, converts and resizes (bilinear), as most data loaders do. Both take
turns on the same photo-like JPEGs in memory; ratios are taken turn by turn, and above 1 ours
is faster.
"largest_difference" is to decoding the whole picture, in grey levels.
Usage: python benchmarks/decode_speed.py [--repeats 9] [--sides 224 28] [--quality 90]
"""

import argparse
import io
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image
from processes import machine, summary

from tellapart.images.decode import decode, decode_array
from tellapart.images.fit import place
from tellapart.images.jpeg import dct_scale
from tellapart.sections import ImageSpec

SIZES = ((1152, 864), (2304, 1728), (4000, 3000))


def photo(width: int, height: int, roughness: float) -> Image.Image:
    """Return noise summed over octaves: detail at every scale, less of it the finer."""
    random = np.random.default_rng(width)
    total = np.zeros((height, width, 3), np.float32)
    side = 2
    while side < max(width, height):
        for channel in range(3):
            noise = random.normal(size=(min(side, height), min(side, width)))
            layer = Image.fromarray(noise.astype(np.float32))
            wide = layer.resize((width, height), Image.Resampling.BICUBIC)
            total[:, :, channel] += np.asarray(wide) / side**roughness
        side *= 2
    total -= total.min()
    return Image.fromarray((total * (255 / total.max())).astype(np.uint8))


def encode(picture: Image.Image, quality: int) -> bytes:
    """Return a JPEG as cameras write it, with 4:2:0 subsampling."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, subsampling=2)
    return file.getvalue()


def plain(content: bytes, spec: ImageSpec) -> Any:
    """Return what a plain loop makes of a picture, at the size that ours shows it."""
    with Image.open(io.BytesIO(content)) as picture:
        whole = picture.convert("L" if spec.channels == 1 else "RGB")
        size = place(whole.size, spec).size
        return np.asarray(whole.resize(size, Image.Resampling.BILINEAR))


def take_turns(ways: Sequence[Callable[[], Any]], repeats: int) -> list[list[float]]:
    """Return the processor milliseconds of each way, turn by turn, after one to warm up."""
    found: list[list[float]] = [[] for _ in ways]
    for turn in range(repeats + 1):
        for number, way in enumerate(ways):
            began = time.process_time()
            way()
            if turn:
                found[number].append((time.process_time() - began) * 1000)
    return found


def compare(content: bytes, spec: ImageSpec, repeats: int) -> dict[str, Any]:
    """Return times, ratio and agreement of one picture at one size."""
    whole = np.asarray(Image.open(io.BytesIO(content)))
    height, width = whole.shape[:2]
    ours, theirs = take_turns(
        (lambda: decode(content, spec), lambda: plain(content, spec)), repeats
    )
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    apart = np.abs(decode(content, spec).pixels.astype(int) - decode_array(whole, spec).pixels)
    return {
        "megapixels": round(width * height / 1e6, 2),
        "megabytes": round(len(content) / 1e6, 2),
        "target": str(spec),
        "dct_scale": dct_scale((width, height), spec),
        "milliseconds": summary(ours),
        "plain_milliseconds": summary(theirs),
        "times_faster": summary(ratios),
        "mean_difference": round(float(apart.mean()), 3),
        "largest_difference": int(apart.max()),
    }


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--sides", type=int, nargs="+", default=[224, 28])
    parser.add_argument("--quality", type=int, default=90)
    parser.add_argument("--roughness", type=float, default=0.35)
    options = parser.parse_args()
    rows = []
    for size in SIZES:
        content = encode(photo(*size, options.roughness), options.quality)
        for side in options.sides:
            for channels in (3, 1):
                spec = ImageSpec.model_validate(
                    {"height": side, "width": side, "channels": channels}
                )
                rows.append(compare(content, spec, options.repeats))
    answer = {
        "benchmark": "decode_speed",
        "machine": machine(),
        "quality": options.quality,
        "roughness": options.roughness,
        "repeats": options.repeats,
        "worst_median_times_faster": min(row["times_faster"]["median"] for row in rows),
        "pictures": rows,
    }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
