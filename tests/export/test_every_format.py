"""Each network answers in each format as its bundle does."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

import networks
from tellapart.bundle import Bundle, open_bundle
from tellapart.data.dataset import Dataset
from tellapart.export import tensorflow
from tellapart.export.ask import ask_in_batches
from tellapart.export.catalogue import WRITERS, Order
from tellapart.export.formats import FORMATS
from tellapart.export.proof import TOLERANCE, Expected, compare, expect
from tellapart.models.catalogue import BUILDERS
from tellapart.predict.runtimes import open_keras

pytestmark = [
    pytest.mark.core,
    # importing OpenVINO starts a process, at which JAX warns that it has threads
    pytest.mark.filterwarnings("ignore:Exception ignored in.*_at_fork"),
]

BY_TENSORFLOW = ("saved_model", "litert")
QUICK = "fast-cnn"

Made = tuple[Path, Bundle, Expected]


def _cases() -> list[object]:
    """Return each format with each network; all but ONNX are quick for one network only."""
    cases = [(form, name) for form in sorted(FORMATS) for name in sorted(BUILDERS)]
    return [
        pytest.param(*case, marks=[] if case[0] == "onnx" or case[1] == QUICK else pytest.mark.slow)
        for case in cases
    ]


@pytest.fixture(scope="module")
def make(fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Return what writes a bundle of a network, once, and asks it about real images."""
    made: dict[str, Made] = {}
    folder = tmp_path_factory.mktemp("bundles")

    def one(name: str) -> Made:
        if name not in made:
            images = networks.images_for(fashion, networks.SPECS[name])
            path = networks.write_bundle_of(name, images, folder / f"{name}.tellapart")
            bundle, runtime = open_bundle(path), networks.runtime_of(networks.network_of(name))
            made[name] = (path, bundle, expect(bundle, runtime, images))
        return made[name]

    return one


@pytest.mark.parametrize(("form", "name"), _cases())
def test_every_network_answers_alike_in_every_format(
    form: str, name: str, make: Callable[[str], Made], tmp_path: Path
) -> None:
    source, bundle, expected = make(name)
    path = tmp_path / f"network{FORMATS[form].suffix}"
    if form not in BY_TENSORFLOW:
        WRITERS[form](Order(source, bundle, networks.network_of(name)), path)
    elif keras.backend.backend() == "tensorflow":
        tensorflow.main([form, str(source), str(path)])
    else:
        pytest.skip("it is written in a process on TensorFlow, whatever runs here")
    found = ask_in_batches(FORMATS[form].open(path), expected.given)
    proof = compare(bundle, form, found, expected)
    assert expected.verdicts is not None
    assert set(expected.verdicts.kinds) == {"label", "unsure", "unknown"}
    assert proof.fails(TOLERANCE) == ""
    assert (proof.images, proof.labels, proof.verdicts) == (96, 96, 96)
    assert proof.batches == (1, 3, 96)


@pytest.mark.parametrize("form", ["keras", "onnx", "openvino"])
def test_a_network_with_logits_and_without_rules_answers_alike(
    form: str, fashion: Dataset, tmp_path: Path
) -> None:
    layers = keras.layers
    network = networks.stir(
        keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Rescaling(1 / 255),
                layers.Conv2D(4, 5, strides=3, activation="relu"),
                layers.Flatten(),
                layers.Dense(5),
            ]
        )
    )
    spec = networks.SPECS[QUICK]
    images = networks.images_for(fashion, spec)
    ruled = networks.bundle_of("custom", network, spec, images)
    manifest = ruled.manifest.model_copy(update={"decisions": None})
    bundle = Bundle(manifest, ruled.weights, ruled.golden)
    assert manifest.architecture.output == "logits"
    expected = expect(bundle, open_keras(bundle, trust=True), images)
    path = tmp_path / f"network{FORMATS[form].suffix}"
    WRITERS[form](Order(tmp_path / "none", bundle, network), path)
    proof = compare(
        bundle, form, ask_in_batches(FORMATS[form].open(path), expected.given), expected
    )
    assert (proof.fails(TOLERANCE), proof.verdicts) == ("", None)
    np.testing.assert_allclose(expected.probabilities, bundle.golden.probabilities, atol=1e-5)


@pytest.mark.parametrize("form", ["keras", "onnx", "openvino"])
def test_a_sure_network_at_a_high_temperature_answers_alike(
    form: str, fashion: Dataset, tmp_path: Path
) -> None:
    """So sure that probabilities lie below what `verdicts.calibrate` tells apart."""
    network = keras.models.clone_model(networks.network_of(QUICK))
    network.set_weights(networks.network_of(QUICK).get_weights())
    kernel, *bias = network.layers[-1].get_weights()
    network.layers[-1].set_weights([40 * kernel, *bias])
    spec = networks.SPECS[QUICK]
    images = networks.images_for(fashion, spec)
    bundle = networks.bundle_of(QUICK, network, spec, images)
    assert bundle.manifest.decisions is not None
    rules = bundle.manifest.decisions.model_copy(update={"temperature": 6.0})
    bundle = bundle.with_decisions(rules, bundle.references)
    expected = expect(bundle, open_keras(bundle), images)
    assert np.mean(bundle.golden.probabilities < 1e-12) > 0.1
    path = tmp_path / f"network{FORMATS[form].suffix}"
    WRITERS[form](Order(tmp_path / "none", bundle, network), path)
    found = ask_in_batches(FORMATS[form].open(path), images)
    assert compare(bundle, form, found, expected).fails(TOLERANCE) == ""
