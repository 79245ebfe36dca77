"""Batch prediction against decoding with Pillow in threads and ONNX Runtime run bare.

All ways take turns in one process on the same files, so that what else the machine does falls
on all of them; ratios are taken turn by turn, of wall time and of processor time, and above 1
ours is faster. Ours writes shards of CSV with the best three classes, verdicts and novelty.
"bare" decodes with plain Pillow on all processors while the network works on the batch before,
and keeps the most probable class of each picture; "bare with novelty" makes the product with
the references too. Both have batches of ours, and products in one thread, as ours has.
"needed_microseconds" is processor time for a picture of what bare does not do: verdicts with
novelty, and rows of CSV.
Usage: python benchmarks/batch.py [--repeats 5] [--images 10000] [--photos 1500]
"""

import argparse
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from decode_speed import encode, photo
from numpy.typing import NDArray
from PIL import Image
from processes import machine, measure, summary
from threadpoolctl import threadpool_limits

import tellapart
from tellapart.bundle import open_bundle, write_bundle
from tellapart.data.arrays import from_arrays
from tellapart.evaluate.decide import fit_decisions
from tellapart.evaluate.novelty import NEIGHBOUR, choose_references
from tellapart.images.fit import place
from tellapart.predict.opening import open_predictor
from tellapart.predict.predictor import Predictor
from tellapart.predict.stream import page_size
from tellapart.predict.writers import CsvWriter
from tellapart.sections import AnswersSection, ImageSpec
from tellapart.verdicts import measure_novelty

CHUNK = 16
_MEASURED = "from tellapart.__main__ import main; from pathlib import Path; "
_PEAK = "; print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
"""A child's `ru_maxrss` begins with that of the large process that it was forked from."""

Pixels = NDArray[np.uint8]


class Bare:
    """Is what one writes by hand: Pillow in threads, and a session of ONNX Runtime."""

    def __init__(self, model: Path, spec: ImageSpec, *, with_novelty: bool) -> None:
        import onnxruntime

        bundle = open_bundle(model)
        assert bundle.twin is not None
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(bundle.twin, options)
        self._spec, self._size = spec, page_size(spec)
        references = bundle.references
        self._references = (
            references.astype(np.float32) if with_novelty and references is not None else None
        )

    def run(self, paths: Sequence[str]) -> list[int]:
        """Return the most probable class of each picture."""
        found: list[int] = []
        batches = [paths[i : i + self._size] for i in range(0, len(paths), self._size)]
        waiting: deque[list[Any]] = deque()
        with ThreadPoolExecutor(os.cpu_count()) as pool, threadpool_limits(1, "blas"):
            for number in range(len(batches) + 2):
                if number < len(batches):
                    batch = batches[number]
                    chunks = [batch[i : i + CHUNK] for i in range(0, len(batch), CHUNK)]
                    waiting.append([pool.submit(self._decode, chunk) for chunk in chunks])
                if number >= 2:
                    done = waiting.popleft()
                    found += self._answer(np.concatenate([future.result() for future in done]))
        return found

    def _answer(self, pixels: Pixels) -> list[int]:
        names = ["probabilities", *(["features"] if self._references is not None else [])]
        outputs = self._session.run(names, {"image": pixels})
        if self._references is not None:
            measure_novelty(outputs[1], self._references, NEIGHBOUR)
        return list(outputs[0].argmax(axis=1).tolist())

    def _decode(self, paths: Sequence[str]) -> Pixels:
        return np.stack([self._decode_one(path) for path in paths])

    def _decode_one(self, path: str) -> Pixels:
        spec = self._spec
        with Image.open(path) as picture:
            plain = picture.convert("L" if spec.channels == 1 else "RGB")
            if plain.size != (spec.width, spec.height):
                placed = place(plain.size, spec)
                plain = plain.resize(placed.size, Image.Resampling.BILINEAR, placed.box)
                if placed.size != (spec.width, spec.height):
                    ground = Image.new(plain.mode, (spec.width, spec.height))
                    ground.paste(plain, placed.corner)
                    plain = ground
            return np.asarray(plain).reshape(spec.shape)


def take_turns(
    ways: dict[str, Callable[[], Any]], count: int, repeats: int
) -> dict[str, dict[str, list[float]]]:
    """Return microseconds a picture of each way, turn by turn, after one to warm up."""
    found: dict[str, dict[str, list[float]]] = {n: {"wall": [], "processor": []} for n in ways}
    for turn in range(repeats + 1):
        for name, way in ways.items():
            began, used = time.perf_counter(), time.process_time()
            way()
            if turn:
                found[name]["wall"].append((time.perf_counter() - began) / count * 1e6)
                found[name]["processor"].append((time.process_time() - used) / count * 1e6)
    return found


def compare(model: Path, folder: Path, repeats: int) -> dict[str, Any]:
    """Return how fast each way is on all pictures of a folder."""
    predictor = open_predictor(model, backend="onnx")
    spec = predictor.manifest.image
    paths = sorted(str(path) for path in folder.rglob("*.*"))
    output = folder.parent / f"{folder.name}-answers"

    def ours() -> None:
        shutil.rmtree(output, ignore_errors=True)
        tellapart.predict_all(predictor, folder, output, quiet=True)

    bare, with_novelty = (Bare(model, spec, with_novelty=it) for it in (False, True))
    ways = {
        "ours": ours,
        "bare": lambda: bare.run(paths),
        "bare with novelty": lambda: with_novelty.run(paths),
    }
    found = take_turns(ways, len(paths), repeats)
    ratios = {
        f"{kind} over {name}": summary((np.array(found[name][kind]) / found["ours"][kind]).tolist())
        for kind in ("wall", "processor")
        for name in ("bare", "bare with novelty")
    }
    return {
        "pictures": len(paths),
        "target": str(spec),
        "microseconds": {
            name: {kind: summary(values) for kind, values in kinds.items()}
            for name, kinds in found.items()
        },
        "throughput_ratio": ratios,
        "needed_microseconds": needed(predictor, spec),
    }


def needed(predictor: Predictor, spec: ImageSpec) -> dict[str, float]:
    """Return the processor time for a picture of verdicts, and of rows of CSV."""
    size = page_size(spec)
    pixels = np.random.default_rng(0).integers(0, 256, (size, *spec.shape), dtype=np.uint8)
    names = [f"photos/{number:05}.png" for number in range(size)]
    answering = predictor._answering
    bare: list[float] = []
    page: list[float] = []
    rows: list[float] = []
    with threadpool_limits(1, "blas"):
        for _ in range(15):
            marks = [time.process_time()]
            predictor._runtime.answers(pixels)
            marks.append(time.process_time())
            found = answering.page(names, list(pixels), 3)
            marks.append(time.process_time())
            CsvWriter(io.BytesIO(), predictor.class_names, 3).write(found)
            marks.append(time.process_time())
            for values, spent in zip((bare, page, rows), np.diff(marks), strict=True):
                values.append(float(spent) / size * 1e6)
    network = statistics.median(bare)
    return {
        "network": round(network, 1),
        "verdicts_and_novelty": round(statistics.median(page) - network, 1),
        "rows": round(statistics.median(rows), 1),
    }


def memory(model: Path, folder: Path, times: int) -> dict[str, Any]:
    """Return the peak memory of whole processes, for the folder once and several times."""
    peaks = {}
    for count in (1, times):
        with tempfile.TemporaryDirectory() as output:
            words = [str(model), *[str(folder)] * count, "--output", f"{output}/answers"]
            line = ["predict", *words, "--backend", "onnx", "--quiet", "--json"]
            found = measure([sys.executable, "-c", f"{_MEASURED}main({line!r}){_PEAK}"])
            peaks[f"{count} times"] = round(int(found.output.split()[-1]) / 1024, 1)
    return {"peak_megabytes": peaks}


def write_pngs(folder: Path, count: int) -> None:
    """Write real 28×28 pictures, a thousand in a folder."""
    data = tellapart.load("fashion-mnist", quiet=True)
    pixels = data.train.take(np.arange(count)).decode(ImageSpec()).pixels[..., 0]
    for number, picture in enumerate(pixels):
        home = folder / f"{number // 1000:02}"
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(home / f"{number:05}.png")


def write_photos(folder: Path, count: int) -> None:
    """Write photo-like JPEGs of 400×300."""
    folder.mkdir()
    noise = np.asarray(photo(1600, 1200, 0.35))
    random = np.random.default_rng(0)
    for number in range(count):
        top, left = random.integers(0, 900), random.integers(0, 1200)
        part = Image.fromarray(noise[top : top + 300, left : left + 400])
        (folder / f"{number:05}.jpg").write_bytes(encode(part, 90))


def train(folder: Path, recipe: str, sides: dict[str, Any], count: int) -> Path:
    """Train a moment on noise, and return a bundle that measures novelty."""
    names = [f"class {number}" for number in range(10)]
    spec = tellapart.load_recipe(recipe, sides).image
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (count, *spec.shape), dtype=np.uint8)
    targets = np.arange(count) % 10
    data = from_arrays({"train": (pixels, targets), "test": (pixels[:50], targets[:50])}, names)
    run = tellapart.train(
        data, recipe, epochs=1, settings=sides, output=folder / "runs", quiet=True
    )
    predictor = open_predictor(run.path / "model.tellapart")
    answers, _ = predictor.judge(pixels)
    assert answers.features is not None
    references = choose_references(np.tile(answers.features, (5, 1)))
    assert references is not None
    novelty = measure_novelty(answers.features, references, NEIGHBOUR)
    rules = fit_decisions(answers.probabilities, targets, novelty, AnswersSection(risk=0.1))
    bundle = open_bundle(run.path / "model.tellapart").with_decisions(rules, references)
    return write_bundle(folder / f"{recipe}.tellapart", bundle)


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--photos", type=int, default=1500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_pngs(folder / "pngs", options.images)
        write_photos(folder / "photos", options.photos)
        guide = train(folder, "guide", {}, 400)
        sides = {"image.height": 128, "image.width": 128, "image.channels": 3}
        resnet = train(folder, "photos", sides, 64)
        answer = {
            "benchmark": "batch",
            "machine": machine(),
            "repeats": options.repeats,
            "28×28 PNG, the guide's network": compare(guide, folder / "pngs", options.repeats),
            "400×300 JPEG, a photo network": compare(resnet, folder / "photos", options.repeats),
            "memory": memory(guide, folder / "pngs", 4),
        }
    print(json.dumps(answer, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
