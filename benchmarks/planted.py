"""Faults as people make them, planted in real pictures: copies, bad pictures, shortcuts."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFilter

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]
Fault = Callable[[Pixels, np.random.Generator], Pixels]
FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)


def encode(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Return a picture as JPEG leaves it."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=int(generator.integers(60, 96)))
    return np.asarray(Image.open(file), np.uint8)


def resize(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Return a picture brought to 0.7 to 2 times its size and back."""
    height, width = pixels.shape[:2]
    scale = float(generator.choice([0.71, 0.79, 0.86, 1.29, 1.43, 2.0]))
    way = FILTERS[generator.integers(len(FILTERS))]
    other = Image.fromarray(pixels).resize((round(width * scale), round(height * scale)), way)
    return np.asarray(other.resize((width, height), way))


def crop(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Return a picture with up to 7% cut off at each side, at least somewhere a little."""
    height, width = pixels.shape[:2]
    most = max(2, round(0.07 * min(height, width)))
    top, bottom, left, right = generator.integers(0, most + 1, 4)
    top += top + bottom + left + right == 0
    part = Image.fromarray(pixels[top : height - bottom, left : width - right])
    return np.asarray(part.resize((width, height), Image.Resampling.BICUBIC))


def brighten(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Return a picture in more light, which may end at white."""
    lit = pixels * generator.uniform(1.1, 1.35) + generator.uniform(0, 20)
    return lit.clip(0, 255).round().astype(np.uint8)


def blur(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Return a picture out of focus."""
    radius = float(generator.uniform(2.0, 3.0))
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def copy_or_encode(pixels: Pixels, generator: np.random.Generator) -> Pixels:
    """Return a picture as it is, or as JPEG leaves it."""
    return encode(pixels, generator) if generator.random() < 0.5 else pixels


COPIES: Mapping[str, Fault] = {
    "exact": lambda pixels, _: pixels,
    "re-encoded": encode,
    "resized": resize,
    "mirrored": lambda pixels, _: pixels[:, ::-1],
    "cropped": crop,
    "brightened": brighten,
}
BAD: Mapping[str, Fault] = {
    "blank": lambda pixels, generator: np.full_like(pixels, generator.integers(256)),
    "dark": lambda pixels, _: (pixels * 0.08).astype(np.uint8),
    "blurred": blur,
}
CROSSING = ("two-labels", "leaks")
FAULTS: Mapping[str, Fault] = {**COPIES, **BAD, **dict.fromkeys(CROSSING, copy_or_encode)}


@dataclass(frozen=True, eq=False)
class Planted:
    """Is a data set with faults in it.

    Attributes:
        data: Splits train and test; faults stand at the end of train, leaks at that of test.
        originals: For each kind, the places of what was copied, among all pictures.
        faults: For each kind, the places of the faults.
    """

    data: Dataset
    originals: Mapping[str, Indices]
    faults: Mapping[str, Indices]

    @property
    def clean(self) -> NDArray[np.bool_]:
        """Return `(n,)`: which pictures are neither a fault nor the original of one."""
        clean = np.ones(len(self.data), np.bool_)
        for places in (*self.originals.values(), *self.faults.values()):
            clean[places] = False
        return clean


def plant(
    pixels: Pixels, targets: Indices, test: int, class_names: tuple[str, ...], each: int, seed: int
) -> Planted:
    """Return pictures with `each` faults of each kind, the last `test` of them as test split."""
    generator = np.random.default_rng(seed)
    train = len(pixels) - test
    chosen = generator.permutation(train)[: each * len(FAULTS)].reshape(len(FAULTS), -1)
    originals = dict(zip(FAULTS, chosen, strict=True))
    made = {
        kind: [make(pixels[i], generator) for i in originals[kind]] for kind, make in FAULTS.items()
    }
    labels = {kind: targets[places] for kind, places in originals.items()}
    labels["two-labels"] = (labels["two-labels"] + 1) % len(class_names)
    here = [kind for kind in FAULTS if kind != "leaks"]
    splits = {
        "train": (
            np.concatenate([pixels[:train], *(np.stack(made[kind]) for kind in here)]),
            np.concatenate([targets[:train], *(labels[kind] for kind in here)]),
        ),
        "test": (
            np.concatenate([pixels[train:], np.stack(made["leaks"])]),
            np.concatenate([targets[train:], labels["leaks"]]),
        ),
    }
    count = originals["exact"].size
    faults = {kind: train + number * count + np.arange(count) for number, kind in enumerate(here)}
    faults["leaks"] = len(pixels) + len(here) * count + np.arange(count)
    return Planted(from_arrays(splits, class_names), originals, faults)


SHAPES: Mapping[str, Callable[[np.random.Generator], tuple[int, int]]] = {
    "tiny": lambda generator: (int(generator.integers(4, 14)),) * 2,
    "odd-aspect": lambda generator: (28 * int(generator.integers(4, 8)), 28),
}
SHORTCUTS = ("size", "format", "camera", "colour mode")


def write_shapes(
    data: Dataset, root: Path, images: int, each: int, seed: int
) -> dict[str, set[str]]:
    """Write test pictures as PNG, some of them of an odd shape, and return the names of these."""
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(images)[: each * len(SHAPES)].reshape(len(SHAPES), -1)
    shapes = {int(i): kind for kind, row in zip(SHAPES, chosen, strict=True) for i in row}
    names: dict[str, set[str]] = {kind: set() for kind in SHAPES}
    for index, (picture, label) in enumerate(_pictures(data, images)):
        path = root / label.replace("/", "-") / f"{index:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = shapes.get(index)
        if kind:
            picture = picture.resize(SHAPES[kind](generator))
            names[kind].add(path.name)
        picture.save(path)
    return names


def write_shortcut(
    data: Dataset, root: Path, images: int, title: str, label: str, seed: int
) -> None:
    """Write test pictures of which one class mostly has a property that few of the rest have.

    Args:
        data: Where they are from.
        root: An empty folder.
        images: How many.
        title: Which property, of `SHORTCUTS`.
        label: The class; with "" chance alone decides which picture has the property.
        seed: Of who has it.
    """
    generator = np.random.default_rng(seed)
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "M 1"
    for index, (picture, name) in enumerate(_pictures(data, images)):
        share = 0.3 if not label else 0.9 if name == label else 0.1
        path = root / name.replace("/", "-") / f"{index:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        has = generator.random() < share
        if has and title == "size":
            picture = picture.resize((32, 32))
        elif has and title == "colour mode":
            picture = picture.convert("RGB")
        elif has and title == "format":
            path = path.with_suffix(".jpg")
        picture.save(path, exif=exif if has and title == "camera" else Image.Exif())


def _pictures(data: Dataset, images: int) -> list[tuple[Image.Image, str]]:
    part = data.test.take(np.arange(images))
    pixels = part.decode(ImageSpec()).pixels[..., 0]
    return list(zip(map(Image.fromarray, pixels), part.labels, strict=True))
