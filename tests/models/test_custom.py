"""Networks that users bring along."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from typing_extensions import override

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import DivergenceError, Interrupted, ModelError, TrustError
from tellapart.models.custom import check_custom, digest_of_layers, output_kind
from tellapart.sections import ImageSpec

pytestmark = pytest.mark.core


def _network(classes: int = 10, activation: str | None = "softmax") -> keras.Model:
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.1)(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation=activation)(x))


@pytest.mark.parametrize("activation", ["softmax", None], ids=["probabilities", "logits"])
def test_a_users_network_is_trained_saved_and_asked(
    activation: str | None, slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    network = _network(activation=activation)
    run = tellapart.train(
        slice_of_fashion, model=network, epochs=3, output=tmp_path, learning_rate=0.01, quiet=True
    )
    assert run.evaluation.accuracy.value > 0.5
    assert run.recipe.model.name == "custom"
    path = run.path / "model.tellapart"
    backend = keras.backend.backend()
    with pytest.raises(TrustError, match="--trust") as caught:
        tellapart.open_model(path, backend=backend)
    assert caught.value.exit_code == 4
    with pytest.raises(TrustError, match="--trust"):
        _ = tellapart.open_model(path).network  # ONNX Runtime answers and runs nothing of it
    trusted = tellapart.open_model(path, trust=True, backend=backend)
    pixels = slice_of_fashion.test.decode(ImageSpec()).pixels
    np.testing.assert_allclose(
        trusted.probabilities(pixels), run.model.probabilities(pixels), atol=1e-5
    )
    np.testing.assert_allclose(trusted.probabilities(pixels).sum(axis=1), 1.0, atol=1e-5)


def test_a_compiled_network_keeps_its_own_optimiser(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    network = _network()
    network.compile(
        keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    run = tellapart.train(slice_of_fashion, model=network, epochs=1, output=tmp_path, quiet=True)
    assert run.history["learning_rate"] == [pytest.approx(0.05)]


def test_a_loss_for_one_hot_labels_is_refused_with_the_right_one() -> None:
    network = _network()
    network.compile("adam", "categorical_crossentropy")
    with pytest.raises(ModelError, match="'sparse_categorical_crossentropy'"):
        check_custom(network, 10, ImageSpec())


def test_another_number_of_outputs_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\(batch, 10\).*\(None, 4\)") as caught:
        check_custom(_network(4), 10, ImageSpec())
    assert caught.value.exit_code == 4


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ModelError, match="keras.Model. Received: str"):
        check_custom("guide-cnn", 10, ImageSpec())


def test_a_network_without_a_known_input_is_refused_with_the_fix() -> None:
    network = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    with pytest.raises(ModelError, match=r"keras\.Input\(\(28, 28, 1\)\)"):
        check_custom(network, 10, ImageSpec())


def test_a_network_for_rows_instead_of_images_is_refused() -> None:
    network = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10)])
    with pytest.raises(ModelError, match=r"\(batch, height, width, 1 or 3\)"):
        check_custom(network, 10, ImageSpec())


def test_the_pixels_come_from_the_networks_input() -> None:
    network = keras.Sequential(
        [keras.Input((16, 20, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    spec = check_custom(network, 2, ImageSpec(fit="crop"))
    assert (spec.shape, spec.fit) == ((16, 20, 3), "crop")


def test_what_comes_out_tells_probabilities_from_logits_however_they_are_made() -> None:
    spec = ImageSpec()
    inputs = keras.Input((28, 28, 1))
    nested = keras.Sequential(
        [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255), _network()]
    )
    by_function = keras.Model(inputs, keras.ops.softmax(_network(activation=None)(inputs)))
    assert output_kind(nested, spec) == "probabilities"
    assert output_kind(by_function, spec) == "probabilities"
    assert output_kind(_network(), spec) == "probabilities"
    assert output_kind(_network(activation=None), spec) == "logits"


def test_a_loss_for_the_other_kind_of_output_is_refused_with_the_fix() -> None:
    network = _network(activation=None)
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy())
    with pytest.raises(ModelError, match=r"puts out logits.*from_logits=True"):
        output_kind(network, ImageSpec())


def test_a_sigmoid_at_the_end_is_refused_for_classes_that_exclude_each_other() -> None:
    network = _network(activation="sigmoid")
    wrapped = keras.Sequential([keras.Input((28, 28, 1)), network])
    for each in (network, wrapped):
        with pytest.raises(ModelError, match=r"ends in a sigmoid.*activation='softmax'"):
            check_custom(each, 10, ImageSpec())


class _Head(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.flat, self.dense = keras.layers.Flatten(), keras.layers.Dense(10)

    @override
    def call(self, inputs: Any) -> Any:
        return self.dense(self.flat(inputs))


def test_a_model_of_ones_own_kind_may_be_the_last_layer() -> None:
    network = keras.Sequential([keras.Input((28, 28, 1)), _Head()])
    assert check_custom(network, 10, ImageSpec()) == ImageSpec()


def test_a_loss_of_ones_own_may_take_what_it_likes() -> None:
    network = _network(activation=None)
    network.compile("adam", lambda wanted, found: keras.ops.mean(found) * wanted)
    assert output_kind(network, ImageSpec()) == "logits"


def test_probabilities_in_16_bits_are_probabilities() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = _network(classes=200)
    finally:
        keras.config.set_dtype_policy(before)
    assert output_kind(network, ImageSpec()) == "probabilities"


def test_a_network_compiled_without_metrics_still_gets_its_accuracy_measured(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    network = _network()
    network.compile("adam", "sparse_categorical_crossentropy")
    run = tellapart.train(slice_of_fashion, model=network, epochs=1, output=tmp_path, quiet=True)
    assert run.history["accuracy"][0] > 0
    assert run.history["val_accuracy"][0] == pytest.approx(run.evaluation.accuracy.value)


def test_settings_that_a_compiled_network_would_not_follow_are_refused(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    network = _network()
    network.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(tellapart.TellapartError, match=r"Received: optimizer\.learning_rate"):
        tellapart.train(
            slice_of_fashion, model=network, learning_rate=0.1, output=tmp_path, quiet=True
        )


class _Unsaveable(keras.layers.Layer):  # type: ignore[misc]
    def __init__(self, helper: object) -> None:
        super().__init__()
        self.helper = helper

    @override
    def call(self, inputs: Any) -> Any:
        return inputs


def test_a_network_that_cannot_be_saved_is_refused_before_training(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    inputs = keras.Input((28, 28, 1))
    network = keras.Model(inputs, _network()(_Unsaveable(object())(inputs)))
    with pytest.raises(ModelError, match="cannot be saved and built anew.*get_config.*_Unsaveable"):
        tellapart.train(slice_of_fashion, model=network, output=tmp_path / "runs", quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_a_users_network_wants_the_network_again(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    run = tellapart.train(slice_of_fashion, model=_network(), epochs=1, output=tmp_path, quiet=True)
    for name in ("model.tellapart", "evaluation.json"):
        (run.path / name).unlink()
    with pytest.raises(ModelError, match="give it again as `model`"):
        tellapart.train(slice_of_fashion, resume=run.path, quiet=True)
    again = tellapart.train(slice_of_fashion, model=_network(), resume=run.path, quiet=True)
    assert again.evaluation == run.evaluation


class _Stopping(keras.layers.Layer):  # type: ignore[misc]
    """Sends SIGTERM while the network is looked at before training."""

    @override
    def get_config(self) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        raise AssertionError("the signal did not come")

    @override
    def call(self, inputs: Any) -> Any:
        return inputs


def test_sigterm_before_training_leaves_nothing(slice_of_fashion: Dataset, tmp_path: Path) -> None:
    inputs = keras.Input((28, 28, 1))
    network = keras.Model(inputs, _network()(_Stopping()(inputs)))
    with pytest.raises(Interrupted, match="nothing is left") as caught:
        tellapart.train(slice_of_fashion, model=network, output=tmp_path / "runs", quiet=True)
    assert caught.value.exit_code == 143
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_with_its_own_network_only(slice_of_fashion: Dataset, tmp_path: Path) -> None:
    run = tellapart.train(slice_of_fashion, model=_network(), epochs=1, output=tmp_path, quiet=True)
    (run.path / "evaluation.json").unlink()
    with pytest.raises(ModelError, match=r"must be a keras\.Model\. Received: function"):
        tellapart.train(slice_of_fashion, model=_network, resume=run.path, quiet=True)
    other = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Rescaling(1 / 128),
            *(type(layer).from_config(layer.get_config()) for layer in _network().layers[2:]),
        ]
    )
    assert [w.shape for w in other.weights] == [w.shape for w in _network().weights]
    with pytest.raises(ModelError, match="must be the network that the run began with"):
        tellapart.train(slice_of_fashion, model=other, resume=run.path, quiet=True)


def test_a_digest_leaves_out_what_differs_from_process_to_process_and_nothing_else() -> None:
    def digest(factor: float = 0.1, kind: str = "float32", **settings: Any) -> str:
        rotation = keras.layers.RandomRotation(factor, **settings)
        layers = [rotation, keras.layers.Lambda(lambda x: x / 255), keras.layers.Flatten()]
        last = keras.layers.Dense(2, dtype=kind)
        return digest_of_layers(keras.Sequential([keras.Input((9, 9, 1)), *layers, last]))

    assert digest() == digest(seed=7, name="spun")
    assert len({digest(), digest(0.2), digest(kind="mixed_bfloat16")}) == 3


def test_a_network_that_puts_out_no_numbers_is_told_so() -> None:
    network = _network()
    network.set_weights([weights * np.nan for weights in network.get_weights()])
    with pytest.raises(ModelError, match=r"must put out numbers.*Look at its weights"):
        output_kind(network, ImageSpec())


def test_a_network_trained_twice_follows_the_second_recipe_too(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    network = _network()
    rates = []
    for rate in (0.01, 0.02):
        run = tellapart.train(
            slice_of_fashion,
            model=network,
            epochs=1,
            learning_rate=rate,
            output=tmp_path,
            quiet=True,
        )
        rates += run.history["learning_rate"]
    assert rates == pytest.approx([0.01, 0.02])


def test_a_loss_that_is_no_number_at_the_first_step_is_not_laid_to_the_learning_rate(
    slice_of_fashion: Dataset, tmp_path: Path
) -> None:
    layers = [
        keras.Input((28, 28, 1)),
        keras.layers.Flatten(activity_regularizer=keras.regularizers.L2(3e38)),
        keras.layers.Dense(10, activation="softmax"),
    ]
    with pytest.raises(DivergenceError, match="at the first step.*no learning rate helps"):
        tellapart.train(
            slice_of_fashion, model=keras.Sequential(layers), output=tmp_path, quiet=True
        )
    assert list(tmp_path.iterdir()) == []
