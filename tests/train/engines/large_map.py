"""Trains, scores and fingerprints from a large map, and tells how much memory that took.

What is told is the peak of all resident memory, mapped pages included, above what a small
training had needed before. The map is a sparse file, so it takes no disk.
Usage: python large_map.py FILE IMAGES
"""

import sys
from pathlib import Path

import numpy as np

from tellapart._extras import prepare_keras
from tellapart.data.order import sample_order
from tellapart.data.prepare import Part, fingerprint_of
from tellapart.data.rows import Rows
from tellapart.images.arrays import Pixels
from tellapart.sections import ImageSpec, OptimizerSection

IMAGE = ImageSpec(height=64, width=64, channels=3)
BATCH, BLOCKS, SCORED = 32, 4, 2000


def map_of(path: Path, count: int) -> Pixels:
    """Return a new map of black pictures."""
    np.lib.format.open_memmap(path, "w+", np.uint8, (count, *IMAGE.shape)).flush()
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def train_a_little(pixels: Pixels | Rows) -> None:
    """Make a few blocks of steps in the order of an epoch, and score some of the samples."""
    import keras

    from tellapart.models.catalogue import compile_network
    from tellapart.train.engines.choice import open_engine
    from tellapart.train.engines.protocol import STEPS, Epoch, Settings, cut_block

    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input(IMAGE.shape),
            layers.Conv2D(4, 3, strides=4, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    compile_network(network, OptimizerSection())
    part = Part(pixels, np.arange(len(pixels)) % 2)
    engine = open_engine(network, part, Settings())
    epoch = Epoch(sample_order(0, 0, len(part)))
    rates = np.full(STEPS, 0.001, np.float32)
    for number in range(min(BLOCKS, len(part) // (STEPS * BATCH))):
        engine.train(cut_block(epoch, number * STEPS * BATCH, BATCH, rates))
    engine.score(Part(Rows(np.asarray(pixels[:SCORED])), part.targets[:SCORED]))


def resident_kilobytes(name: str) -> int:
    """Return `VmRSS`, or its peak `VmHWM`, of this process."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main(path: Path, count: int) -> None:
    """Measure, and print the megabytes of the map and those that it took."""
    prepare_keras()
    train_a_little(np.zeros((2000, *IMAGE.shape), np.uint8))
    before = resident_kilobytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak begins anew
    pixels = Rows(map_of(path, count))
    train_a_little(pixels)
    fingerprint_of(("a", "b"), [Part(pixels, np.arange(count) % 2)])
    growth = resident_kilobytes("VmHWM") - before
    sys.stdout.write(f"{pixels.nbytes / 1e6:.0f} {growth / 1e3:.0f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
