"""How fast pictures are loaded, first and again; training from a map; and its memory.

Loading takes turns between the ways, in one process, on JPEGs made of the real Fashion-MNIST;
files and map are in the system's page cache. The memory is that of a whole process which
fingerprints 200,000 images of 64×64×3, trains on all of them once and scores, mapped pages
included. "cores_busy" is processor time over wall time. The stall is the share of a training
step by which reading block by block makes it longer than one tensor in memory does, in turns,
and beside it what `take` itself takes.
Usage: python benchmarks/loading.py [--pictures 1000] [--images 200000] [--repeats 3]
       [--model compact-resnet] [--side 64]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from processes import machine, summary

import tellapart
from tellapart._extras import prepare_keras
from tellapart.data.cache import Cache
from tellapart.data.cache_files import entries_of
from tellapart.data.folder import from_folder
from tellapart.data.prepare import Part, fingerprint_of
from tellapart.data.readers import Reader
from tellapart.data.rows import Rows
from tellapart.images.decode import read_file
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec

BATCH = 32


def write_pictures(root: Path, count: int) -> None:
    """Write JPEGs of 500×375, each a mosaic of real images, in ten class folders."""
    samples = tellapart.load("fashion-mnist", quiet=True).train
    pixels = samples.decode(ImageSpec()).pixels[..., 0]
    draw = np.random.default_rng(0)
    for number in range(count):
        tiles = pixels[draw.integers(0, len(pixels), 12)].reshape(3, 4, 28, 28)
        mosaic = tiles.transpose(0, 2, 1, 3).reshape(84, 112)
        colours = np.stack([mosaic, np.roll(mosaic, 5), 255 - mosaic], axis=2)
        path = root / str(number % 10) / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(colours).resize((500, 375), Image.Resampling.BICUBIC)
        picture.save(path, quality=90)


def _seconds(work: Callable[..., Any], *given: Any) -> float:
    began = time.perf_counter()
    work(*given)
    return time.perf_counter() - began


def measure_loading(folder: Path, spec: ImageSpec, repeats: int) -> dict[str, Any]:
    """Return the seconds of each way to the pixels of all pictures, and ratios turn by turn."""
    root, cache = folder / "pictures", Cache(folder / "cache", spare_bytes=0, least_seconds=0.0)
    train = from_folder(root).train
    names = [Path(train.images.name(index)) for index in range(len(train))]

    def read(reader: Reader) -> None:
        found = reader.read(train).pixels
        assert np.asarray(found).any()  # all of them are in memory now

    def serially() -> None:
        pixels = np.empty((len(names), *spec.shape), np.uint8)
        for place, name in enumerate(names):
            pixels[place] = read_file(name, spec).pixels

    def first() -> None:
        tellapart_cache = Cache(folder / f"new-{time.time_ns()}", cache.most_bytes, 0, 0.0)
        read(Reader(spec, "pictures", tellapart_cache))

    ways: dict[str, Callable[[], None]] = {
        "one after the other": serially,
        "threads": lambda: read(Reader(spec, "pictures")),
        "first time, into the cache": first,
        "next time, from the cache": lambda: read(Reader(spec, "pictures", cache)),
    }
    time.sleep(2.1)  # files that are younger are never trusted to be unchanged
    ways["next time, from the cache"]()
    found: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            used = time.process_time()
            found[name].append(_seconds(way))
            busy[name].append((time.process_time() - used) / found[name][-1])
    assert len(entries_of(cache.entries)) == 1
    base = found["threads"]
    return {
        "pictures": len(names),
        "seconds": {name: summary(values) for name, values in found.items()},
        "cores_busy": {name: summary(values) for name, values in busy.items()},
        "times_faster_than_threads": {
            name: summary([one / own for one, own in zip(base, values, strict=True)])
            for name, values in found.items()
        },
    }


def measure_stall(model: str, side: int, blocks: int) -> dict[str, Any]:
    """Return how much longer steps take when each block's samples are gathered."""
    import keras

    from tellapart.models.catalogue import build_network, compile_network
    from tellapart.train.engines.choice import open_engine
    from tellapart.train.engines.feed import Streamed
    from tellapart.train.engines.protocol import STEPS, Epoch, Settings, cut_block

    image = ImageSpec(height=side, width=side, channels=3)
    count = STEPS * BATCH * (blocks + 1)
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (count, *image.shape), dtype=np.uint8)
    part = Part(pixels, draw.integers(0, 10, count))
    epoch, rates = Epoch(draw.permutation(count)), np.full(STEPS, 0.001, np.float32)
    cuts = [cut_block(epoch, n * STEPS * BATCH, BATCH, rates) for n in range(blocks + 1)]
    engines = []
    for most in (1 << 40, 0):
        keras.utils.set_random_seed(0)
        network = compile_network(build_network(model, image, 10), load_recipe("guide").optimizer)
        engines.append(open_engine(network, part, Settings(most_resident=most)))
    found: list[list[float]] = [[], []]
    for block in cuts:
        for engine, seconds in zip(engines, found, strict=True):
            seconds.append(_seconds(engine.train, block))
    whole, streamed = found[0][1:], found[1][1:]
    feed = Streamed(part, np.asarray, mixes=False)
    feed.take(cuts[0])
    waits = []
    for block in cuts[1:]:
        time.sleep(min(1.0, float(np.median(whole))))
        waits.append(_seconds(feed.take, block))
    return {
        "network": f"{model}, {image}, batches of {BATCH}",
        "seconds_a_block": {"one tensor": summary(whole), "gathered": summary(streamed)},
        "stall": summary([1 - one / other for one, other in zip(whole, streamed, strict=True)]),
        "take_share": summary([wait / float(np.median(whole)) for wait in waits]),
    }


def write_map(path: Path, count: int) -> None:
    """Write random pictures of 64×64×3, a piece at a time."""
    draw = np.random.default_rng(0)
    with path.open("wb") as file:
        for first in range(0, count, 1000):
            file.write(draw.bytes(min(1000, count - first) * 64 * 64 * 3))


def train_from_map(path: Path, count: int) -> None:
    """Fingerprint, train one epoch and score, and print this process' memory as JSON."""
    import keras

    from tellapart.data.order import sample_order
    from tellapart.models.catalogue import compile_network
    from tellapart.train.engines.choice import open_engine
    from tellapart.train.engines.protocol import STEPS, Epoch, Settings, cut_block

    pixels = Rows(np.memmap(path, np.uint8, "r", shape=(count, 64, 64, 3)))
    part = Part(pixels, np.arange(count) % 10)
    layers = keras.layers
    small = [
        keras.Input((64, 64, 3)),
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, strides=4, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(10, activation="softmax"),
    ]
    network = compile_network(keras.Sequential(small), load_recipe("guide").optimizer)
    began = time.perf_counter()
    fingerprint_of(("a",), [part])
    read = time.perf_counter() - began
    engine, epoch, first = open_engine(network, part, Settings()), sample_order(0, 0, count), 0
    began = time.perf_counter()
    while first < count:
        block = cut_block(Epoch(epoch), first, BATCH, np.full(STEPS, 0.001, np.float32))
        engine.train(block)
        first += block.samples
    trained = time.perf_counter() - began
    engine.score(part)
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    memory = {name: line.split()[1] for line in lines if (name := line.split(":")[0])[:2] == "Vm"}
    anonymous = next(line.split()[1] for line in lines if line.startswith("RssAnon"))
    found = {
        "images": count,
        "pixels_gigabytes": round(pixels.nbytes / 1e9, 2),
        "peak_resident_gigabytes": round(int(memory["VmHWM"]) / 1e6, 2),
        "anonymous_at_the_end_gigabytes": round(int(anonymous) / 1e6, 2),
        "fingerprint_seconds": round(read, 1),
        "training_images_per_second": round(count / trained),
    }
    print(json.dumps(found))


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=4)
    parser.add_argument("--model", default="compact-resnet")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--train-from", type=Path, help="Only train, from this map.")
    options = parser.parse_args()
    backend = prepare_keras()
    if options.train_from:
        train_from_map(options.train_from, options.images)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pictures(folder / "pictures", options.pictures)
        spec = ImageSpec(height=options.side, width=options.side, channels=3)
        answer: dict[str, Any] = {
            "benchmark": "loading",
            "machine": machine(),
            "backend": backend,
            "loading": measure_loading(folder, spec, options.repeats),
            "stall": measure_stall(options.model, options.side, options.blocks),
        }
        write_map(folder / "map.bin", options.images)
        words = ["--train-from", str(folder / "map.bin"), "--images", str(options.images)]
        command = [sys.executable, __file__, *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        answer["memory"] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(answer, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
