"""Untrained networks that answer as varied as trained ones, and bundles around them."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import Bundle, Golden, write_bundle
from tellapart.data.dataset import Dataset
from tellapart.decisions import Decisions, NoveltyRule, RiskTable
from tellapart.images.arrays import Pixels
from tellapart.manifest import DataRecord
from tellapart.models.catalogue import BUILDERS
from tellapart.models.store import golden_of, to_bundle
from tellapart.predict.runtimes import KerasRuntime
from tellapart.recipe import Recipe, load_recipe
from tellapart.sections import ImageSpec
from tellapart.verdicts import calibrate, measure_novelty, unit_rows

CLASSES = ("T-shirt", "Bötchen", "Schuh", "Tasche", "Mantel")
TEMPERATURE = 1.7

SPECS = {name: ImageSpec() for name in BUILDERS} | {
    "photo-resnet": ImageSpec(height=32, width=40, channels=3, fit="crop", interpolation="bicubic")
}
"""Each builder, and the pixels that it is tried on."""


def stir(network: Any, seed: int = 0) -> Any:
    """Return a network with random numbers in all its weights, statistics too."""
    random = np.random.default_rng(seed)
    for weight in network.weights:
        shape, name = tuple(weight.shape), weight.path.rpartition("/")[2]
        values = random.normal(0.0, 0.2, shape)
        if name == "kernel":
            values = random.normal(0.0, (2 / np.prod(shape[:-1])) ** 0.5, shape)
        elif name in ("moving_variance", "gamma"):
            values = random.uniform(0.5, 1.5, shape)
        weight.assign(values.astype(np.float32))
    return network


@cache
def network_of(name: str) -> Any:
    """Return a stirred network of the catalogue, for the pixels of `SPECS`."""
    keras.utils.set_random_seed(0)
    network = stir(BUILDERS[name](SPECS[name], len(CLASSES)))
    if name == "fine-resnet":  # so deep that it would be sure of everything, to the last bit
        kernel, bias = network.layers[-1].get_weights()
        network.layers[-1].set_weights([kernel / 8, bias])
    return network


@cache
def runtime_of(network: Any, output: Literal["probabilities", "logits"] = "probabilities") -> Any:
    """Return what runs a network in Keras, compiled once for all tests."""
    return KerasRuntime(network, output)


def recipe_of(name: str, spec: ImageSpec) -> Recipe:
    """Return a recipe for a network of this name."""
    recipe = load_recipe("guide")
    model = recipe.model.model_copy(update={"name": name})
    return recipe.model_copy(update={"image": spec, "model": model})


def bundle_of(name: str, network: Any, spec: ImageSpec, images: Pixels) -> Bundle:
    """Return a network as a bundle, with rules that call some images each thing.

    Args:
        name: Of its builder, or "custom".
        network: Untrained.
        spec: Its pixels.
        images: `(n, height, width, channels)`: the golden ones, and what the rules go by.
    """
    bundle = bundle_without_rules(name, network, spec, images)
    answers = runtime_of(network, bundle.manifest.architecture.output).answers(images)
    references = None
    if answers.features is not None:
        references = unit_rows(answers.features[::2]).astype(np.float16)
    rules = _rules(answers.probabilities, answers.features, references)
    return bundle.with_decisions(rules, references)


def bundle_without_rules(name: str, network: Any, spec: ImageSpec, images: Pixels) -> Bundle:
    """Return a network as a bundle that always answers, with its golden images."""
    data = DataRecord(name="fashion-mnist", fingerprint="ab" * 32, samples={"train": 3})
    bundle = to_bundle(network, recipe_of(name, spec), CLASSES, data, _nothing(spec))
    golden = golden_of(network, images, bundle.manifest.architecture.output)
    return Bundle(bundle.manifest, bundle.weights, golden)


def images_for(data: Dataset, spec: ImageSpec, count: int = 96) -> Pixels:
    """Return real images, made to fit."""
    return data.test.take(np.arange(count)).decode(spec).pixels


def write_bundle_of(name: str, images: Pixels, path: Path) -> Path:
    """Write a stirred network of the catalogue as a bundle."""
    return write_bundle(path, bundle_of(name, network_of(name), SPECS[name], images))


def _nothing(spec: ImageSpec) -> Golden:
    return Golden(np.zeros((0, *spec.shape), np.uint8), np.zeros((0, len(CLASSES)), np.float32))


def _rules(
    probabilities: NDArray[np.float32],
    features: NDArray[np.float32] | None,
    references: NDArray[np.float16] | None,
) -> Decisions:
    """Return rules that call a fifth unknown, and of the rest half unsure."""
    best = np.sort(calibrate(probabilities, TEMPERATURE).max(axis=1))
    table = RiskTable(
        samples=1000,
        thresholds=(_between(best, 0.8), _between(best, 0.5)),
        answered=(200, 500),
        wrong=(0, 0),
        bounds=(0.01, 0.015),
        set_thresholds=(0.2, 0.15),
        set_threshold_of_all=0.1,
    )
    novelty = None
    if features is not None and references is not None:
        far = np.sort(measure_novelty(features, references, 3))
        novelty = NoveltyRule(
            neighbour=3, threshold=max(0.0, _between(far, 0.8)), share=0.2, samples=len(far)
        )
    return Decisions(
        samples=len(best),
        temperature=TEMPERATURE,
        risk=0.02,
        coverage=0.9,
        table=table,
        set_threshold=0.12,
        novelty=novelty,
    )


def _between(numbers: NDArray[Any], share: float) -> float:
    """Return what lies in the middle of the widest gap near a place of sorted numbers."""
    first = int(share * len(numbers)) - 4
    near = numbers[first : first + 8].astype(np.float64)
    gap = int(np.diff(near).argmax())
    return float((near[gap] + near[gap + 1]) / 2)
