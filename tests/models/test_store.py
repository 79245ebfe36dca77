"""Weights and bundles that do not belong together."""

from dataclasses import replace

import numpy as np
import pytest

from tellapart.bundle import Bundle, open_bundle
from tellapart.errors import BundleError
from tellapart.models.store import rebuild
from tellapart.models.weights import load_weights, weights_of
from tellapart.workflow.runs import Run

pytestmark = pytest.mark.core


@pytest.fixture
def bundle(run: Run) -> Bundle:
    return open_bundle(run.path / "model.tellapart")


def test_a_missing_weight_is_refused_by_name_and_changes_nothing(bundle: Bundle) -> None:
    network = rebuild(bundle)
    before = network.get_weights()
    weights = {k: v * 2 for k, v in weights_of(network).items() if k != "dense1/kernel"}
    with pytest.raises(BundleError, match="dense1/kernel"):
        load_weights(network, weights)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_weight_of_another_shape_is_refused_by_name_and_changes_nothing(bundle: Bundle) -> None:
    network = rebuild(bundle)
    before = network.get_weights()
    weights = {k: v * 2 for k, v in weights_of(network).items()}
    weights["dense1/kernel"] = np.zeros((3, 3), np.float32)
    with pytest.raises(BundleError, match=r"dense1/kernel must be \(1600, 64\).*\(3, 3\)"):
        load_weights(network, weights)
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_network_from_the_future_is_refused_with_the_fix(bundle: Bundle) -> None:
    architecture = bundle.manifest.architecture.model_copy(update={"name": "from-the-future"})
    manifest = bundle.manifest.model_copy(update={"architecture": architecture})
    with pytest.raises(BundleError, match="from-the-future.*--upgrade tellapart"):
        rebuild(replace(bundle, manifest=manifest))


def test_the_manifest_says_what_made_the_bundle(bundle: Bundle) -> None:
    versions = bundle.manifest.versions
    assert {"python", "tellapart", "keras", "numpy", "pillow", "backend"} <= set(versions)
    assert bundle.manifest.architecture.parameters == 121_930
    assert bundle.manifest.scores is not None
    assert bundle.manifest.data.samples == {"train": 1000, "validation": 200, "test": 200}
