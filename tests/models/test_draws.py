"""Layers that draw at random from Keras' own generator: exact where they can be, else refused."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

import tellapart
from pressing import PressCtrlC
from tellapart.data.dataset import Dataset
from tellapart.errors import Interrupted, ModelError
from tellapart.train.runs import RunFolder
from tellapart.workflow.session import Session

pytestmark = pytest.mark.core
ON_JAX = keras.backend.backend() == "jax"


@keras.saving.register_keras_serializable("tests.draws")
class _Noise(keras.layers.Layer):  # type: ignore[misc]
    """Draws as people do who have not heard of generators."""

    @override
    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        return inputs + 0.3 * keras.random.normal(keras.ops.shape(inputs))


@keras.saving.register_keras_serializable("tests.draws")
class _SeededNoise(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.seed = keras.random.SeedGenerator(7)

    @override
    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training:
            return inputs
        return inputs + 0.3 * keras.random.normal(keras.ops.shape(inputs), seed=self.seed)


def _network(noise: keras.layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(3)
    last = [keras.layers.Flatten(), keras.layers.Dense(10)]
    first = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255)]
    return keras.Sequential([*first, noise, *last])


@pytest.mark.parametrize("noise", [_Noise, _SeededNoise])
def test_a_run_whose_layers_draw_goes_on_to_the_same_weights(
    noise: type[keras.layers.Layer], slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    if ON_JAX and noise is _Noise:
        pytest.skip("JAX has no state beside the network's")
    settings = {"fit.epochs": 2}
    recipe = tellapart.load_recipe("guide", settings)
    alone = _network(noise())
    tellapart.train(slice_of_fashion, model=alone, settings=settings, output=tmp_path, quiet=True)
    folder = RunFolder.create(tmp_path, "run")
    session = Session(folder, PressCtrlC(320))
    session.begin(slice_of_fashion, recipe, _network(noise()), strict=False)
    with pytest.raises(Interrupted):
        session.finish()
    resumed = _network(noise())
    keras.utils.set_random_seed(99)
    keras.random.normal((1,))
    tellapart.train(slice_of_fashion, model=resumed, resume=folder.path, quiet=True)
    for one, other in zip(alone.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(not ON_JAX, reason="the other backends let layers draw from anywhere")
def test_a_layer_that_draws_without_a_generator_is_refused_on_jax_with_the_fix(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"Fix: give the layer a keras\.random\.SeedGenerator"):
        tellapart.train(
            slice_of_fashion, model=_network(_Noise()), output=tmp_path / "runs", quiet=True
        )
    assert list(tmp_path.iterdir()) == []
