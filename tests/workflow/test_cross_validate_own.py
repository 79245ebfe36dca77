"""Cross-validating a network of one's own: equal beginnings, and going on in another process."""

import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.errors import BundleError, ModelError, UsageError
from tellapart.sections import ImageSpec
from tellapart.workflow.cross_validate import CrossValidation
from tellapart.workflow.folds import read_out_of_fold
from tellapart.workflow.own_network import Pattern

OPTIONS: dict[str, Any] = {"folds": 2, "epochs": 1, "quiet": True}


def build(filters: int = 4, *, compiled: bool = True) -> keras.Model:
    """Return a small network with random weights, dropout and names of its own."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(filters, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    if compiled:
        network.compile(keras.optimizers.SGD(0.02), "sparse_categorical_crossentropy")
    return network


@pytest.fixture(scope="module")
def file(slice_of_fashion: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 120 real images to train on; do not change it."""
    path = tmp_path_factory.mktemp("data") / "few.npz"
    part = slice_of_fashion.train.take(np.arange(120))
    names = list(slice_of_fashion.class_names)
    np.savez(path, x=part.decode(ImageSpec()).pixels, y=part.targets, class_names=names)
    return path


@pytest.fixture(scope="module")
def own() -> keras.Model:
    """Return the network that was cross-validated; do not train it."""
    return build()


@pytest.fixture(scope="module")
def found(
    file: Path, own: keras.Model, tmp_path_factory: pytest.TempPathFactory
) -> CrossValidation:
    """Return a finished cross-validation; do not change its folder."""
    own.before = [np.array(array) for array in own.get_weights()]
    return tellapart.cross_validate(
        file, model=own, output=tmp_path_factory.mktemp("runs"), **OPTIONS
    )


def test_it_answers_every_picture_and_leaves_the_network_as_it_was(
    found: CrossValidation, own: keras.Model
) -> None:
    assert found.evaluation.samples == 120
    assert np.isfinite(read_out_of_fold(found.path).probabilities).all()
    assert "Not trained by the recipe" not in found.evaluation.note
    for before, after in zip(own.before, own.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert own.optimizer.iterations == 0


def test_every_fold_has_a_network_of_these_layers_with_its_own_optimiser(
    found: CrossValidation, own: keras.Model
) -> None:
    for number in (1, 2):
        run = tellapart.open_run(Path(found.path) / f"fold-{number}", trust=True)
        network = run.model.network
        assert [w.shape for w in network.get_weights()] == [w.shape for w in own.before]
        # plain gradient descent for three batches at a small rate stays near the beginning
        assert not np.array_equal(network.get_weights()[0], own.before[0])
        np.testing.assert_allclose(network.get_weights()[0], own.before[0], atol=0.05)


def test_a_new_process_with_other_random_weights_goes_on_to_the_same_answers(
    found: CrossValidation, tmp_path: Path
) -> None:
    folder = tmp_path / "again"
    shutil.copytree(found.path, folder)
    shutil.rmtree(folder / "fold-2")
    for name in ("out-of-fold.npz", "cross-validation.json"):
        (folder / name).unlink()
    again = tellapart.cross_validate(resume=folder, model=build(), quiet=True)
    assert again.scores == found.scores
    np.testing.assert_array_equal(
        read_out_of_fold(folder).probabilities, read_out_of_fold(found.path).probabilities
    )


def test_it_goes_on_with_its_network_only(found: CrossValidation) -> None:
    with pytest.raises(ModelError, match="give it again as `model`"):
        tellapart.cross_validate(resume=found.path, quiet=True)
    with pytest.raises(UsageError, match="with the network that it began with"):
        tellapart.cross_validate(resume=found.path, model=build(filters=5), quiet=True)


def test_its_folder_is_no_run(found: CrossValidation) -> None:
    said = "is a cross-validation and no run. Fix: name one of its runs, such as .*fold-1"
    with pytest.raises(BundleError, match=said):
        tellapart.diff(found.path, found.path)
    with pytest.raises(BundleError, match=said):
        tellapart.train(resume=found.path, quiet=True)


def test_the_digest_is_of_layers_and_not_of_their_names() -> None:
    def wrapped(filters: int) -> keras.Model:
        inner = keras.layers.Conv2D(filters, 3)
        layers = [keras.layers.SpectralNormalization(inner), keras.layers.Flatten()]
        return keras.Sequential([keras.Input((9, 9, 1)), *layers, keras.layers.Dense(2)])

    assert Pattern(wrapped(3)).digest == Pattern(wrapped(3)).digest != Pattern(wrapped(4)).digest


def test_a_copy_has_the_optimiser_with_all_that_it_was_told() -> None:
    network = build(compiled=False)
    optimizer = keras.optimizers.AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    network.compile(optimizer, "sparse_categorical_crossentropy")
    copy = Pattern(network).copy(seed=0)
    kernel, bias = copy.trainable_variables[:2]
    assert copy.optimizer._use_weight_decay(kernel)
    assert not copy.optimizer._use_weight_decay(bias)


def test_an_optimiser_that_cannot_be_made_anew_is_refused() -> None:
    class Own(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        """Has no config."""

        def __call__(self, _step: Any) -> Any:
            return 0.1

    network = build(compiled=False)
    network.compile(keras.optimizers.SGD(Own()), "sparse_categorical_crossentropy")
    with pytest.raises(ModelError, match="must have a get_config"):
        Pattern(network)


def test_settings_that_a_compiled_network_would_not_follow_are_refused(
    file: Path, own: keras.Model, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="keeps its own optimiser"):
        tellapart.cross_validate(
            file, model=own, learning_rate=0.1, output=tmp_path / "runs", **OPTIONS
        )
    other = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    with pytest.raises(ModelError, match="one number for each class"):
        tellapart.cross_validate(file, model=other, output=tmp_path / "runs", **OPTIONS)
    assert list(tmp_path.iterdir()) == []
