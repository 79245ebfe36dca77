"""Predictions against stock Keras: one image, a large batch, agreement, and memory.

All ways take turns in one process, on the guide's network with fresh weights; ratios are
taken turn by turn. Above 1, "times_faster" is in our favour. Ours is what `open_model`
gives, which is ONNX Runtime where it is installed; "on Keras" is the same bundle on Keras.
Bare ones are what a user would write by hand, each given its best batch size.
Usage: python benchmarks/predict_speed.py [--repeats 15] [--images 10000] [--trainings 20]
"""

import argparse
import gc
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from processes import machine, summary

import tellapart
from tellapart._extras import is_installed, prepare_keras
from tellapart.bundle import open_bundle
from tellapart.data.arrays import from_arrays
from tellapart.models.guide_cnn import build_guide_cnn
from tellapart.predict.opening import open_predictor
from tellapart.sections import ImageSpec

SIZES = (64, 128, 256, 512, 1000, 2000)
Way = Callable[[Any], Any]


def _bare_call(network: Any, backend: str) -> Way:
    """Return what a user of the backend would write by hand."""
    if backend == "jax":
        import jax

        run = jax.jit(lambda state, pixels: network.stateless_call(*state, pixels)[0])
        groups = network.trainable_variables, network.non_trainable_variables
        state = tuple([jax.numpy.array(v.value) for v in group] for group in groups)
        return lambda pixels: np.asarray(run(state, pixels.astype("float32")))
    import tensorflow as tf

    graph = tf.function(lambda pixels: network(tf.cast(pixels, "float32"), training=False))
    return lambda pixels: graph(tf.constant(pixels)).numpy()


def _bare_session(content: bytes | None) -> Way | None:
    """Return what a user of ONNX Runtime would write by hand, if it is installed."""
    if content is None or not is_installed("onnxruntime"):
        return None
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["probabilities"], {"image": pixels})[0]


def _in_parts(run: Way, size: int) -> Way:
    return lambda pixels: np.concatenate(
        [run(pixels[first : first + size]) for first in range(0, len(pixels), size)]
    )


def _take_turns(ways: Mapping[str, Way], pixels: Any, repeats: int, calls: int) -> dict[str, Any]:
    """Return the milliseconds of one call by each way, turn by turn."""
    for way in ways.values():
        way(pixels)
        way(pixels)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            times = 1 if name.startswith("stock") else calls
            began = time.perf_counter()
            for _ in range(times):
                way(pixels)
            found[name].append((time.perf_counter() - began) / times * 1000)
    return found


def _compare(found: dict[str, list[float]], ours: tuple[str, ...]) -> dict[str, Any]:
    """Return milliseconds, and how many times faster ours are than each other way."""
    ratios = {
        f"{name} over {other}": summary(
            [theirs / own for own, theirs in zip(found[name], found[other], strict=True)]
        )
        for name in ours
        for other in found
        if other not in ours
    }
    milliseconds = {name: summary(values) for name, values in found.items()}
    return {"milliseconds": milliseconds, "times_faster": ratios}


def _trained(pixels: NDArray[np.uint8], output: str) -> Path:
    """Train for a moment and return the bundle."""
    parts = {
        "train": (pixels[:200], np.arange(200) % 10),
        "test": (pixels[:50], np.arange(50) % 10),
    }
    data = from_arrays(parts, [f"class {n}" for n in range(10)], name="noise")
    run = tellapart.train(data, "guide-holdout", epochs=1, output=output, quiet=True)
    return run.path / "model.tellapart"


def _megabytes() -> float:
    """Return the memory that this process holds now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _growth(step: Callable[[], Any], warm: int, times: int) -> dict[str, Any]:
    """Return the memory before and after a step is repeated, after some to warm up."""
    for _ in range(warm):
        step()
    seen = [_megabytes()]
    for quarter in range(4):
        for _ in range(times * quarter // 4, times * (quarter + 1) // 4):
            step()
        seen.append(_megabytes())
    return {
        "times": times,
        "megabytes": np.round(seen, 1).tolist(),
        "growth": round(seen[-1] - seen[0], 1),
    }


def _best_size(run: Way, pixels: Any, repeats: int) -> dict[str, Any]:
    """Return the milliseconds of a large batch by the size of its parts, and the best size."""
    found = _take_turns({str(n): _in_parts(run, n) for n in SIZES}, pixels, repeats, 1)
    milliseconds = {name: summary(values) for name, values in found.items()}
    return {"milliseconds": milliseconds, "best": min(SIZES, key=lambda n: min(found[str(n)]))}


def _measure_speed(path: Path, pixels: Any, backend: str, repeats: int) -> dict[str, Any]:
    predictor, keras_one = open_predictor(path), open_predictor(path, backend=backend)
    network = build_guide_cnn(ImageSpec(), 10)
    network.set_weights(keras_one.network.get_weights())

    def stock(given: Any) -> Any:
        return network.predict(given, verbose=0)

    ours: dict[str, Way] = {
        "predict": predictor.predict,
        "probabilities": predictor.probabilities,
        "predict on Keras": keras_one.predict,
        "probabilities on Keras": keras_one.probabilities,
    }
    one = _take_turns({**ours, "stock predict": stock}, pixels[:1], repeats, 50)
    bare: dict[str, Way] = {"bare call": _bare_call(network, backend)}
    session = _bare_session(open_bundle(path).twin)
    if session is not None:
        bare["bare ONNX Runtime"] = session
    sizes = {name: _best_size(run, pixels, max(3, repeats // 3)) for name, run in bare.items()}
    asked = ("probabilities", "probabilities on Keras")
    ways: dict[str, Way] = {name: ours[name] for name in asked}
    ways["stock predict"] = stock
    ways |= {name: _in_parts(run, sizes[name]["best"]) for name, run in bare.items()}
    batch = _take_turns(ways, pixels, repeats, 1)
    difference = np.abs(predictor.probabilities(pixels) - stock(pixels)).max()
    return {
        "runtime": predictor.runtime,
        "one_image": _compare(one, tuple(ours)),
        "batch": {"images": len(pixels), "batch_sizes": sizes, **_compare(batch, asked)},
        "largest_probability_difference": float(difference),
    }


def _measure_memory(path: Path, pixels: Any, folder: str, trainings: int) -> dict[str, Any]:
    ways = {"predictions": None, "predictions on Keras": keras.backend.backend()}
    found = {}
    for name, backend in ways.items():
        ask = open_predictor(path, backend=backend).probabilities
        found[name] = _growth(partial(ask, pixels[:1]), 500, 10_000)
    found["trainings"] = _growth(lambda: _trained(pixels, folder), 3, trainings)
    return found


def main() -> None:
    """Measure in turn and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--trainings", type=int, default=20)
    options = parser.parse_args()
    backend = prepare_keras()
    shape = (options.images, 28, 28, 1)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = _trained(pixels, folder)
        answer = {
            "benchmark": "predict_speed",
            "machine": machine(),
            "backend": backend,
            "repeats": options.repeats,
            **_measure_speed(path, pixels, backend, options.repeats),
            "memory": _measure_memory(path, pixels, folder, options.trainings),
        }
    print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
