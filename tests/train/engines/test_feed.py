"""Samples a block at a time: the same training as from one tensor, in little memory."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

from tellapart.data.order import sample_order
from tellapart.data.prepare import Part
from tellapart.data.rows import Rows
from tellapart.images.arrays import Pixels
from tellapart.models.catalogue import compile_network
from tellapart.sections import AugmentSection, ImageSpec, OptimizerSection
from tellapart.train.augment import draw_changes
from tellapart.train.engines.choice import open_engine
from tellapart.train.engines.feed import Resident, Streamed, open_feed
from tellapart.train.engines.pictures import Augmenter
from tellapart.train.engines.plain import PlainEngine
from tellapart.train.engines.protocol import (
    MOST_RESIDENT,
    STEPS,
    Engine,
    Epoch,
    Settings,
    cut_block,
)

pytestmark = pytest.mark.core

IMAGE = ImageSpec()
RATES = np.linspace(0.001, 0.002, STEPS, dtype=np.float32)
COUNT, BATCH = 300, 8
"""Three blocks an epoch; the last one is short, and so is its last batch."""

PLAIN = AugmentSection()
MIXED = AugmentSection(flip=True, shift=0.1, mixup=0.4)


def _with_fast_layers() -> keras.Model:
    """Return a small network whose block of steps is compiled as one program."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(IMAGE.shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _with_plain_convolutions() -> keras.Model:
    inputs = keras.Input(IMAGE.shape)
    scaled = keras.layers.Rescaling(1 / 255)(inputs)
    found = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(scaled)
    flat = keras.layers.GlobalAveragePooling2D()(found)
    return keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(flat))


def _pixels(count: int = COUNT) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (count, *IMAGE.shape), dtype=np.uint8)


def _part(folder: Path | None = None) -> Part:
    """Return random samples, in memory, or from a map that holds them in another order."""
    targets = np.random.default_rng(1).integers(0, 10, COUNT)
    if folder is None:
        return Part(_pixels(), targets)
    order = np.random.default_rng(2).permutation(COUNT)
    shuffled = np.empty_like(_pixels())
    shuffled[order] = _pixels()
    np.save(folder / "pixels.npy", shuffled)
    return Part(Rows(np.load(folder / "pixels.npy", mmap_mode="r"), order), targets)


def _epoch(number: int, section: AugmentSection) -> Epoch:
    changes = draw_changes(section, IMAGE, 0, number, COUNT) if section.is_on else None
    return Epoch(sample_order(0, number, COUNT), changes)


def _train(
    build: Callable[[], keras.Model], part: Part, section: AugmentSection, most: int
) -> tuple[list[float], list[Any], tuple[float, float]]:
    """Return losses, weights and scores of two epochs."""
    keras.utils.set_random_seed(0)
    network = compile_network(build(), OptimizerSection())
    augmenter = Augmenter(section, IMAGE) if section.is_on else None
    engine = open_engine(network, part, Settings(augmenter=augmenter, most_resident=most))
    losses = [loss for number in (0, 1) for loss in _losses_of(engine, _epoch(number, section))]
    score = engine.score(part)
    return losses, network.get_weights(), score


def _losses_of(engine: Engine, epoch: Epoch) -> list[float]:
    losses, first = [], 0
    while first < COUNT:
        block = cut_block(epoch, first, BATCH, RATES)
        losses += engine.train(block).losses.tolist()
        first += block.samples
    return losses


@pytest.mark.parametrize(
    ("build", "section"), [(_with_fast_layers, MIXED), (_with_plain_convolutions, PLAIN)]
)
def test_a_map_read_block_by_block_trains_to_the_weights_of_one_tensor_bit_for_bit(
    build: Callable[[], keras.Model], section: AugmentSection, tmp_path: Path
) -> None:
    whole = _train(build, _part(), section, MOST_RESIDENT)
    read = _train(build, _part(tmp_path), section, 0)
    assert read[0] == whole[0]
    assert read[2] == whole[2]
    for one, other in zip(read[1], whole[1], strict=True):
        assert one.tobytes() == other.tobytes()


def test_keras_own_steps_and_scores_are_the_same_from_a_map(tmp_path: Path) -> None:
    found = []
    for part in (_part(), _part(tmp_path)):
        keras.utils.set_random_seed(0)
        network = compile_network(_with_plain_convolutions(), OptimizerSection())
        engine = PlainEngine(network, part, Settings())
        found.append((_losses_of(engine, _epoch(0, PLAIN)), engine.score(part)))
    assert found[0] == found[1]


@pytest.mark.parametrize("section", [PLAIN, MIXED], ids=["plain", "mixed"])
def test_every_block_has_its_samples_and_all_have_one_shape(section: AugmentSection) -> None:
    part, epoch, first = _part(), _epoch(0, section), 0
    feed = Streamed(part, np.array, mixes=section.mixup > 0)
    shapes = set()
    while first < COUNT:
        block = cut_block(epoch, first, BATCH, RATES)
        found = feed.take(block)
        shapes.add((found.pixels.shape, found.targets.shape))
        pairs = [(found.block.chosen, block.chosen)]
        if section.mixup:
            pairs.append((found.block.partners, block.partners))
        for places, samples in pairs:
            np.testing.assert_array_equal(found.pixels[places], part.pixels[samples])
            np.testing.assert_array_equal(found.targets[places], part.targets[samples])
        np.testing.assert_array_equal(found.block.weights, block.weights)
        first += block.samples
    assert len(shapes) == 1


class _Watched(Rows):
    """Tells which threads read it."""

    def __init__(self, pixels: Pixels) -> None:
        super().__init__(pixels)
        self.readers: list[str] = []

    @override
    def __getitem__(self, places: Any) -> Pixels:
        self.readers.append(threading.current_thread().name)
        return super().__getitem__(places)


def test_the_next_block_is_gathered_by_another_thread_while_this_one_trains() -> None:
    pixels = _Watched(_pixels())
    part, epoch, first = Part(pixels, _part().targets), _epoch(0, PLAIN), 0
    feed = Streamed(part, np.array, mixes=False)
    while first < COUNT:
        block = cut_block(epoch, first, BATCH, RATES)
        feed.take(block)
        first += block.samples
    assert pixels.readers == [threading.current_thread().name, "gather_0", "gather_0"]


def test_a_block_that_was_not_expected_gets_its_own_samples() -> None:
    part, epoch = _part(), _epoch(0, PLAIN)
    feed = Streamed(part, np.array, mixes=False)
    feed.take(cut_block(epoch, 0, BATCH, RATES))
    other = cut_block(_epoch(5, PLAIN), BATCH, BATCH, RATES)
    found = feed.take(other)
    np.testing.assert_array_equal(found.pixels[found.block.chosen], part.pixels[other.chosen])


def test_only_what_is_large_is_streamed() -> None:
    size = _pixels().nbytes
    assert isinstance(open_feed(_part(), Settings(most_resident=size), np.array), Resident)
    assert isinstance(open_feed(_part(), Settings(most_resident=size - 1), np.array), Streamed)


def test_a_map_of_more_than_a_gigabyte_trains_in_a_fifth_of_it(tmp_path: Path) -> None:
    script = str(Path(__file__).with_name("large_map.py"))
    done = subprocess.run(
        [sys.executable, script, str(tmp_path / "pixels.npy"), "100000"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend()},
    )
    map_megabytes, growth_megabytes = map(float, done.stdout.split())
    assert map_megabytes > MOST_RESIDENT / 1e6
    assert growth_megabytes < map_megabytes / 5
