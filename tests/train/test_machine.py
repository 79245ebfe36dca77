"""What a training's bits depend on, and the kinds of numbers that a machine refuses."""

from pathlib import Path

import keras
import numpy as np
import pytest

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import ModelError
from tellapart.sections import ImageSpec
from tellapart.train.machine import machine_facts

pytestmark = pytest.mark.core


def _network(policy: str, last: str = "float32") -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(8, activation="relu", dtype=policy),
            layers.Dense(10, activation="softmax", dtype=last),
        ]
    )


def test_the_facts_name_processor_and_threads() -> None:
    facts = machine_facts()
    assert facts["processor"]
    assert int(facts["processors"]) >= 1
    assert facts["floats"] == "float32"


def test_16_bits_without_instructions_for_them_are_refused_with_the_fix(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    flags = Path("/proc/cpuinfo").read_text("utf-8")
    if "avx512_fp16" in flags or "fphp" in flags:
        pytest.skip("this processor computes in 16 bits")
    with pytest.raises(ModelError, match=r"float16.*set_dtype_policy\('float32'\)") as caught:
        tellapart.train(
            slice_of_fashion, model=_network("float16"), epochs=1, output=tmp_path, quiet=True
        )
    assert caught.value.exit_code == 4
    assert list(tmp_path.iterdir()) == []


def test_weights_in_bfloat16_are_refused_before_anything_is_trained(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"weights in bfloat16.*mixed_bfloat16"):
        tellapart.train(
            slice_of_fashion, model=_network("bfloat16"), epochs=1, output=tmp_path, quiet=True
        )
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_computes_in_16_bits_to_its_end_is_trained_and_answers(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    flags = Path("/proc/cpuinfo").read_text("utf-8")
    if not any(name in flags for name in ("avx512_bf16", "amx_bf16", " bf16")):
        pytest.skip("this processor does not compute in 16 bits")
    policy = "mixed_bfloat16"
    run = tellapart.train(
        slice_of_fashion, model=_network(policy, policy), epochs=1, output=tmp_path, quiet=True
    )
    assert np.isfinite(run.history.epochs[-1].loss)
    assert {weights.dtype for weights in run.model.network.get_weights()} == {np.dtype("float32")}
    answers = run.model.predict(
        list(slice_of_fashion.test.take(np.arange(5)).decode(ImageSpec()).pixels)
    )
    assert all(0.05 < answer.choices[0].probability <= 1 for answer in answers)
