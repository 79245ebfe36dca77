"""What every network in the catalogue must do."""

from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest

from tellapart.bundle import open_bundle, write_bundle
from tellapart.manifest import DataRecord
from tellapart.models.catalogue import BUILDERS, build_network, compile_network
from tellapart.models.store import golden_of, rebuild, to_bundle
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec, ModelSection, OptimizerSection

pytestmark = [pytest.mark.core, pytest.mark.parametrize("name", sorted(BUILDERS))]

SPEC = ImageSpec(height=32, width=28, channels=3)
PIXELS = np.random.default_rng(0).integers(0, 256, (6, *SPEC.shape)).astype(np.uint8)


def test_uint8_pixels_give_one_row_of_probabilities_each(name: str) -> None:
    found = keras.ops.convert_to_numpy(build_network(name, SPEC, 4)(PIXELS, training=False))
    assert found.shape == (6, 4)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_its_weights_have_the_same_names_each_time_it_is_built(name: str) -> None:
    first, second = build_network(name, SPEC, 4), build_network(name, SPEC, 4)
    assert [v.path for v in first.weights] == [v.path for v in second.weights]


def test_three_steps_of_training_change_every_weight(name: str) -> None:
    network = compile_network(build_network(name, SPEC, 4), OptimizerSection())
    before = [w.copy() for w in network.get_weights()]
    for _ in range(3):  # a residual block's last normalisation begins at 0
        network.train_on_batch(PIXELS, np.arange(6) % 4)
    for old, new in zip(before, network.get_weights(), strict=True):
        assert not np.array_equal(old, new)


def test_a_bundle_brings_it_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    network = build_network(name, SPEC, 4)
    recipe = load_recipe("guide").model_copy(
        update={"image": SPEC, "model": ModelSection.model_validate({"name": name})}
    )
    record = DataRecord(name="test", fingerprint="f", samples={"train": 6})
    golden = golden_of(network, PIXELS, "probabilities")
    bundle = to_bundle(network, recipe, ("a", "b", "c", "d"), record, golden)
    again = rebuild(open_bundle(write_bundle(tmp_path / "m.tellapart", bundle)))
    for old, new in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(
        golden_of(again, PIXELS, "probabilities").probabilities, golden.probabilities
    )


def test_a_recipe_can_name_it(name: str) -> None:
    names = get_args(ModelSection.model_fields["name"].annotation)
    assert name in names
    assert set(names) - set(BUILDERS) == {"custom"}
