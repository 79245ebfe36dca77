"""The state that a training of one's own network begins in outlasts a kill."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.progress import Silence
from tellapart.train.runs import RunFolder
from tellapart.workflow.session import Session

pytestmark = pytest.mark.core


class _Killed(BaseException):
    """Stands for a kill: nothing gets to save or tidy up."""


class _Killing(Silence):
    """Ends a run where its first step would be made."""

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> Any:
        if title == "training":
            raise _Killed
        return super().task(title, total, unit)


def _network() -> keras.Model:
    """Return one as people write it: each has other weights, and other seeds."""
    inner = [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dropout(0.3)]
    return keras.Sequential([keras.Input((28, 28, 1)), *inner, keras.layers.Dense(10)])


def _begin(data: Dataset, output: Path, model: keras.Model | None) -> RunFolder:
    folder = RunFolder.create(output, "run")
    session = Session(folder, _Killing())
    session.begin(data, tellapart.load_recipe("guide", {"fit.epochs": 1}), model, strict=False)
    with pytest.raises(_Killed):
        session.finish()
    return folder


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_with_the_same_weights(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    first = _network()
    folder = _begin(slice_of_fashion, tmp_path, first)
    assert not folder.has_checkpoint()  # a run without a step is not worth keeping
    keras.utils.set_random_seed(8)
    again = _network()
    assert not np.array_equal(first.get_weights()[0], again.get_weights()[0])
    tellapart.train(slice_of_fashion, model=again, resume=folder.path, quiet=True)
    settings = {"fit.epochs": 1}
    tellapart.train(slice_of_fashion, model=first, settings=settings, output=tmp_path, quiet=True)
    seeds = [layer.seed_generator.state for layer in (first.layers[2], again.layers[2])]
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, seeds))
    for one, other in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_of_the_recipes_needs_no_first_state(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    folder = _begin(slice_of_fashion, tmp_path, None)
    assert not folder.checkpoints.exists()
