"""A folder of real pictures, some of them in the wrong class."""

from pathlib import Path

import numpy as np
from PIL import Image

from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec

LABELS = {"bag & <b>co": 8, "shoe": 9, "trouser": 1}
WRONG = {
    "shoe/bag-003.png": "bag & <b>co",
    "trouser/sho-010.png": "shoe",
    "shoe/tro-020.png": "trouser",
}
"""Where the pictures of the wrong class lie, and their true class."""

QUICK: dict[str, object] = {"fit.epochs": 5, "fit.batch_size": 32}


def write_clothes(fashion: Dataset, root: Path) -> Path:
    """Write 60 pictures of each class into a folder, and return it."""
    homes = {path.split("/")[1]: path.split("/")[0] for path in WRONG}
    for label, number in LABELS.items():
        chosen = np.flatnonzero(fashion.train.targets == number)[:60]
        pixels = fashion.train.take(chosen).decode(ImageSpec()).pixels[..., 0]
        for index, picture in enumerate(pixels):
            name = f"{label[:3]}-{index:03}.png"
            path = root / homes.get(name, label) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)
    return root


def files_in(root: Path) -> dict[str, bytes]:
    """Return what is in every file below a folder."""
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
