"""Networks that a user brings: the recipe that fits one, and equal copies for the folds."""

from pathlib import Path
from typing import Any

import keras
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from tellapart.errors import BundleError, ModelError
from tellapart.files import write_whole
from tellapart.models.custom import (
    check_can_be_rebuilt,
    check_custom,
    digest_of_layers,
    fresh_copy,
)
from tellapart.models.optimizers import copy_optimizer
from tellapart.recipe import Recipe
from tellapart.train.runs import RunRecord
from tellapart.train.seeding import seed_everything


def fit_recipe(recipe: Recipe, model: Any, classes: int) -> Recipe:
    """Return the recipe, with the pixels that a user's own network takes.

    Args:
        recipe: As it was chosen.
        model: The user's network, or `None` for the recipe's.
        classes: How many the data have.

    Raises:
        ModelError: The network does not fit, or is missing.
    """
    if model is None:
        if recipe.model.name == "custom":
            raise ModelError("This run has a network of your own: give it again as `model`.")
        return recipe
    image = check_custom(model, classes, recipe.image)
    section = recipe.model.model_copy(update={"name": "custom"})
    return recipe.model_copy(update={"image": image, "model": section})


def check_same_network(digest: str | None, record: RunRecord) -> None:
    """Raise `ModelError` if the user's network is not the one that a run began with.

    Another version of Keras may write other configs, and older runs have no digest: then the
    shapes of the weights must do.

    Args:
        digest: Of its layers, or `None` where there is none.
        record: Of the run.
    """
    is_known = None not in (digest, record.network)
    if is_known and record.versions.get("keras") == keras.__version__ and digest != record.network:
        raise ModelError(
            "`model` must be the network that the run began with. Received: one with other layers, "
            "or other settings of them. Fix: build it as it was, or begin a new run"
        )


class Pattern:
    """The network that every fold begins with: layers, weights, optimiser and loss.

    The user's own is only read. Copies begin with its weights, so a pretrained network stays
    one; all folds begin alike.

    Args:
        model: What `check_custom` accepts.

    Raises:
        ModelError: It, or the optimiser that it is compiled with, cannot be made anew from its
            config.
    """

    def __init__(self, model: keras.Model) -> None:
        check_can_be_rebuilt(model)
        self._model = model
        if model.compiled:
            copy_optimizer(model.optimizer)
        self._weights = model.get_weights()

    @property
    def digest(self) -> str:
        """Return what tells its layers from others, whatever their names are."""
        return digest_of_layers(self._model)

    def keep_in(self, path: Path) -> None:
        """Write the weights that all folds begin with, or take those that are there.

        Random ones differ from process to process, and a fold that is trained later must
        begin as the others did.

        Raises:
            BundleError: The file is damaged.
            OutputError: The place cannot be written.
        """
        names = [f"{place:05d}" for place in range(len(self._weights))]
        if not path.is_file():
            write_whole(path, save_tensors(dict(zip(names, self._weights, strict=True))))
            return
        try:
            kept = load_tensors(path.read_bytes())
        except (SafetensorError, OSError) as error:
            raise BundleError(f"{path} is damaged: {error}.") from error
        found = [kept[name] for name in names if name in kept]
        if [array.shape for array in found] != [array.shape for array in self._weights]:
            raise BundleError(f"{path} holds the weights of another network.")
        self._weights = found

    def copy(self, seed: int) -> keras.Model:
        """Return a network that begins as the user's own, compiled if that is.

        Args:
            seed: Of its random layers.
        """
        seed_everything(seed)
        network = fresh_copy(self._model)
        network.set_weights(self._weights)
        if self._model.compiled:
            network.compile(copy_optimizer(self._model.optimizer), self._model.loss)
        return network
