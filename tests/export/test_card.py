"""The model card says what the manifest says, and its code runs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import networks
from tellapart.bundle import Bundle
from tellapart.data.dataset import Dataset
from tellapart.export.card import card_of
from tellapart.export.catalogue import WRITERS, Order
from tellapart.export.formats import FORMATS
from tellapart.export.int8 import EightBits
from tellapart.manifest import Scores
from tellapart.sections import ImageSpec

SCORES = Scores(accuracy=0.912, accuracy_low=0.9063, accuracy_high=0.9174, loss=0.25, samples=10000)
NAME = "fast-cnn"


@pytest.fixture(scope="module")
def bundle(fashion: Dataset) -> Bundle:
    images = networks.images_for(fashion, ImageSpec())
    found = networks.bundle_of(NAME, networks.network_of(NAME), ImageSpec(), images)
    return found.with_scores(SCORES)


def test_it_states_classes_scores_with_intervals_rules_and_limits(bundle: Bundle) -> None:
    text = card_of(bundle.manifest, "onnx", "model.onnx")
    assert "0 T-shirt, 1 Bötchen, 2 Schuh, 3 Tasche, 4 Mantel" in text
    assert "| test accuracy | 0.9120 | 0.9063 to 0.9174 | 10,000 |" in text
    assert "at most 2% of the labels" in text
    rules = bundle.manifest.decisions
    assert rules is not None
    assert rules.novelty is not None
    assert f"`novelty` is above {rules.novelty.threshold:.6g}" in text
    assert "temperature 1.7" in text
    assert "knows these 5 classes and no others" in text


def test_its_front_matter_leaves_the_licence_to_the_user(bundle: Bundle) -> None:
    front = card_of(bundle.manifest, "openvino", "model.xml").split("---\n")[1].splitlines()
    assert front[0].startswith("# license:")
    assert not [line for line in front if line.startswith("license:")]
    assert "tags: [image-classification, tellapart, openvino]" in front
    assert "        metrics: [{type: accuracy, value: 0.912}]" in front
    named = next(line for line in front if "- name: " in line)
    assert json.loads(named.partition("name: ")[2]) == bundle.manifest.name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (None, "It always answers: it has no rules"),
        ({"table": None}, "too few images to promise"),
        ({"risk": 0.004}, "All is unsure"),
        ({"novelty": None}, "Nothing is called unknown"),
    ],
    ids=["no rules", "no table", "no row", "no novelty"],
)
def test_what_it_lacks_is_said(bundle: Bundle, change: dict[str, Any] | None, says: str) -> None:
    rules = bundle.manifest.decisions
    assert rules is not None
    changed = None if change is None else rules.model_copy(update=change)
    update = {"decisions": changed, "scores": None}
    text = card_of(bundle.manifest.model_copy(update=update), "onnx", "model.onnx")
    assert says in text
    assert "It was not scored" in text
    assert "model-index" not in text


def test_in_8_bits_it_says_which_numbers_are_not_its_own(bundle: Bundle) -> None:
    cost = EightBits(
        images=600,
        split="validation",
        accuracy=0.905,
        accuracy_before=0.906,
        speed_of_one=0.5,
        speed_of_batch=0.4,
    )
    said = card_of(bundle.manifest, "onnx", "small.onnx", eight_bits=cost)
    assert "In 8 bits the accuracy is 90.50% on 600 validation images, 90.60% in 32 bits" in said
    assert said.count("Of the network in 32 bits; this file computes in 8") == 2
    assert "model-index" not in said
    assert "32 bits" not in card_of(bundle.manifest, "onnx", "model.onnx")


@pytest.mark.parametrize("form", ["keras", "onnx", "openvino"])
def test_its_code_runs_as_it_stands(form: str, bundle: Bundle, in_tmp: Path) -> None:
    file = f'a "model"{FORMATS[form].suffix}'
    WRITERS[form](Order(in_tmp / "none", bundle, networks.network_of(NAME)), in_tmp / file)
    [code] = re.findall(r"```python\n(.*?)```", card_of(bundle.manifest, form, file), re.DOTALL)
    names: dict[str, Any] = {"image": bundle.golden.images[:3]}
    exec(code, names)  # the code of the card is what is tested
    assert names["found"]["probabilities"].shape == (3, 5)
