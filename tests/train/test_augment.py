"""What augmentation draws, and what the engines make of it."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tellapart.data.prepare import Part
from tellapart.errors import ModelError
from tellapart.models.catalogue import build_network, compile_network
from tellapart.sections import AugmentSection, ImageSpec, OptimizerSection
from tellapart.train.augment import COLUMNS, Changes, draw_changes
from tellapart.train.engines.choice import open_engine
from tellapart.train.engines.loss import Targets, cross_entropy
from tellapart.train.engines.pictures import Augmenter
from tellapart.train.engines.plain import PlainEngine
from tellapart.train.engines.protocol import STEPS, Epoch, Settings, cut_block

pytestmark = pytest.mark.core

SPEC = ImageSpec(height=6, width=8, channels=1)
COLOUR = ImageSpec(height=6, width=8, channels=3, background=40)
EVERYTHING = AugmentSection(flip=True, shift=0.2, crop=0.6, erase=0.3, mixup=0.4)


def _pictures(spec: ImageSpec, count: int = 64) -> NDArray[np.float32]:
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (count, *spec.shape)).astype(np.float32)


def _changed(
    section: AugmentSection, spec: ImageSpec = SPEC, count: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.float32], Changes]:
    pixels = _pictures(spec, count)
    changes = draw_changes(section, spec, 0, 0, count)
    return pixels, _vary(section, spec, pixels, changes), changes


def _vary(
    section: AugmentSection, spec: ImageSpec, pixels: NDArray[np.float32], changes: Changes
) -> NDArray[np.float32]:
    given = (pixels, pixels[changes.partners], changes.numbers)
    tensors = [keras.ops.convert_to_tensor(np.ascontiguousarray(part)) for part in given]
    found: NDArray[np.float32] = keras.ops.convert_to_numpy(Augmenter(section, spec)(*tensors))
    return found


@pytest.mark.parametrize("spec", [SPEC, COLOUR], ids=["grey", "colour"])
def test_a_flip_mirrors_about_half_of_the_pictures_exactly(spec: ImageSpec) -> None:
    before, after, _ = _changed(AugmentSection(flip=True), spec)
    same = np.array([np.allclose(a, b) for a, b in zip(before, after, strict=True)])
    mirrored = [np.allclose(a[:, ::-1], b) for a, b in zip(before, after, strict=True)]
    assert (same ^ np.array(mirrored)).all()
    assert 16 < same.sum() < 48


@pytest.mark.parametrize("spec", [SPEC, COLOUR], ids=["grey", "colour"])
def test_a_shift_moves_whole_pixels_and_fills_with_the_background(spec: ImageSpec) -> None:
    before, after, _ = _changed(AugmentSection(shift=0.25), spec)
    wide = np.pad(before, [(0, 0), (2, 2), (2, 2), (0, 0)], constant_values=spec.background)
    windows = [wide[:, y : y + 6, x : x + 8] for y in range(5) for x in range(5)]
    fits = np.array([np.isclose(after, window).all(axis=(1, 2, 3)) for window in windows])
    assert fits.any(axis=0).all()
    assert fits.any(axis=1).sum() > 15


def test_a_crop_enlarges_a_part_and_stays_inside_the_picture() -> None:
    spec = ImageSpec(height=40, width=40)
    slope = np.broadcast_to(np.arange(40.0, dtype=np.float32)[None, :, None, None], (64, 40, 40, 1))
    section = AugmentSection(crop=0.5)
    found = _vary(section, spec, slope, draw_changes(section, spec, 0, 0, 64))
    steps = np.diff(found[:, :, 0, 0], axis=1)
    assert np.allclose(steps, steps[:, :1], atol=1e-3)  # no gap anywhere: a slope again
    assert steps.min() >= 0.5**0.5 - 1e-3
    assert steps.max() <= 1.0 + 1e-3
    assert found.min() >= 0.0
    assert found.max() <= 39.0


@pytest.mark.parametrize("share", [0.4, 0.35], ids=["8 of 20", "7 of 20, so 8"])
def test_an_erased_square_has_the_size_asked_for_and_the_background(share: float) -> None:
    spec = ImageSpec(height=20, width=20, background=7)
    before = np.full((64, 20, 20, 1), 200, np.float32)
    section = AugmentSection(erase=share)
    found = _vary(section, spec, before, draw_changes(section, spec, 0, 0, 64))
    assert set(np.unique(found)) == {7.0, 200.0}
    assert (found == 7).sum(axis=(1, 2, 3)).max() == 64


def test_mixup_lays_two_pictures_and_their_classes_over_each_other() -> None:
    before, after, changes = _changed(AugmentSection(mixup=0.8))
    share = changes.numbers[:, 6]
    assert (share >= 0.5).all()
    assert len(np.unique(changes.partners)) > 30
    weight = share[:, None, None, None]
    expected = weight * before + (1 - weight) * before[changes.partners]
    np.testing.assert_allclose(after, expected, rtol=1e-4)
    logits = keras.ops.convert_to_tensor(np.log(np.array([[0.7, 0.2, 0.1]], np.float32)))
    one, three_quarters = np.ones(1, np.float32), np.full(1, 0.75, np.float32)
    columns = (np.array([0]), one, np.array([2]), three_quarters)
    mixed = Targets(*(keras.ops.convert_to_tensor(column) for column in columns))
    loss = keras.ops.convert_to_numpy(cross_entropy(logits, mixed, 0.0))
    assert loss[0] == pytest.approx(-0.75 * np.log(0.7) - 0.25 * np.log(0.1), rel=1e-5)


def test_nothing_asked_for_changes_nothing() -> None:
    assert not AugmentSection().is_on
    before, after, _ = _changed(AugmentSection(crop=1.0))
    np.testing.assert_array_equal(before, after)


@given(first=st.integers(0, 90), seed=st.integers(0, 2**32 - 1), epoch=st.integers(0, 50))
def test_what_a_sample_gets_depends_on_seed_epoch_and_place_alone(
    first: int, seed: int, epoch: int
) -> None:
    changes = draw_changes(EVERYTHING, SPEC, seed, epoch, 100)
    epoch_plan = Epoch(np.arange(100), draw_changes(EVERYTHING, SPEC, seed, epoch, 100))
    block = cut_block(epoch_plan, first, 4, np.ones(STEPS, np.float32))
    kept = block.weights.ravel() > 0
    end = first + block.samples
    np.testing.assert_array_equal(
        block.numbers.reshape(-1, COLUMNS)[kept], changes.numbers[first:end]
    )
    np.testing.assert_array_equal(block.partners.ravel()[kept], changes.partners[first:end])


def test_every_epoch_draws_anew() -> None:
    one, two = (draw_changes(EVERYTHING, SPEC, 0, epoch, 50).numbers for epoch in (0, 1))
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("name", ["guide-cnn", "slim-cnn", "compact-resnet"])
def test_an_engine_learns_from_changed_pictures_and_scores_unchanged_ones(name: str) -> None:
    draw = np.random.default_rng(0)
    targets = np.arange(128) % 4
    pixels = draw.integers(0, 60, (128, 28, 28, 1))
    for place, target in enumerate(targets):
        pixels[place, 7 * target : 7 * target + 7] += 150
    part = Part(pixels.astype(np.uint8), targets)
    keras.utils.set_random_seed(0)
    network = compile_network(
        build_network(name, ImageSpec(), 4), OptimizerSection(learning_rate=0.003)
    )
    section = AugmentSection(flip=True, shift=0.05, erase=0.1, mixup=0.2)
    engine = open_engine(network, part, Settings(augmenter=Augmenter(section, ImageSpec())))
    rates = np.full(STEPS, 0.003, np.float32)
    for number in range(12):
        changes = draw_changes(section, ImageSpec(), 0, number, 128)
        engine.train(cut_block(Epoch(np.arange(128), changes), 0, 32, rates))
    assert engine.score(part)[1] > 0.9


def test_mixup_is_refused_where_the_networks_own_loss_decides() -> None:
    network = compile_network(build_network("guide-cnn", ImageSpec(), 4), OptimizerSection())
    part = Part(np.zeros((8, 28, 28, 1), np.uint8), np.arange(8) % 4)
    augmenter = Augmenter(AugmentSection(mixup=0.2), ImageSpec())
    with pytest.raises(ModelError, match=r"`augment\.mixup` must be 0 .* --set augment\.mixup=0"):
        PlainEngine(network, part, Settings(augmenter=augmenter))


def test_the_plain_engine_changes_pictures_as_well() -> None:
    part = Part(_pictures(ImageSpec(), 32).astype(np.uint8), np.arange(32) % 4)
    losses = []
    for section in (AugmentSection(), AugmentSection(erase=0.9)):
        keras.utils.set_random_seed(0)
        network = compile_network(build_network("guide-cnn", ImageSpec(), 4), OptimizerSection())
        augmenter = Augmenter(section, ImageSpec()) if section.is_on else None
        engine = PlainEngine(network, part, Settings(augmenter=augmenter))
        changes = draw_changes(section, ImageSpec(), 0, 0, 32) if section.is_on else None
        block = cut_block(Epoch(np.arange(32), changes), 0, 32, np.full(STEPS, 0.01, np.float32))
        losses.append(float(engine.train(block).losses[0]))
    assert losses[0] != losses[1]
