"""Which recipe trains what, where the user names none."""

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tellapart.data.dataset import Dataset
from tellapart.data.encoded import EncodedImages
from tellapart.errors import ImageError, UsageError
from tellapart.images.examine import original_shape
from tellapart.recipe import Recipe, load_recipe

SMALL = 48
"""Pixels on the longer side of pictures that recipe `fast` is for."""

START, EACH = 60.0, 0.001
"""Seconds, and seconds a training picture, from which on `accurate` is better than `fast`: two
minutes for Fashion-MNIST on two cores. There 60 s gave 0.886 and 0.907, 180 s 0.922 and 0.899."""

FEW = 15_000
"""Small grey pictures to train on up to which `accurate` takes some two minutes on two cores, with
the passes below: of 3,000 of Fashion-MNIST it learns 0.885, of 10,000 0.911, where `fast` with
its two passes learns 0.803 and 0.863 (`benchmarks/few_pictures.py`)."""

VERY_FEW, SMALL_BATCH = 5_000, 32
"""So many pictures are trained on in batches so small; larger ones leave too few steps."""

LOOKS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"accurate": (150_000, 10, 30), "fast": (108_000, 2, 54_000)}
)
"""How many pictures a recipe looks at in all where it is the usual choice, and its fewest and most
passes. Those of `fast` are two passes over Fashion-MNIST without what it holds out."""

SMALLEST = 16
"""Pixels on the shorter side below which pictures are made larger, to the recipe's size."""

LARGEST = 256
"""Pixels on the longer side of arrays that are trained on at their own size."""

LARGEST_FILES = 96
"""The same for files of one size; larger ones are photos, which `photos` makes as small."""

LOOKED_AT = 64
"""So many files, spread over all to train on, tell how large and whether grey they are."""


def join_settings(
    settings: Mapping[str, object] | None,
    epochs: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    seed: int | None,
) -> dict[str, object]:
    """Return the changes to a recipe by dotted key; what has a name of its own goes first."""
    named = {
        "fit.epochs": epochs,
        "fit.batch_size": batch_size,
        "optimizer.learning_rate": learning_rate,
        "seed": seed,
    }
    return dict(settings or {}) | {key: v for key, v in named.items() if v is not None}


def refuse_unused(model: Any, changes: Mapping[str, object]) -> None:
    """Raise `UsageError` for settings that a compiled model would not follow."""
    own = sorted(key for key in changes if key.startswith("optimizer."))
    if not own or not getattr(model, "compiled", False):
        return
    from tellapart.models.custom import has_own_optimizer

    if has_own_optimizer(model):
        raise UsageError(
            f"`model` is compiled and keeps its own optimiser. Received: {', '.join(own)}. "
            "Compile it with what you want, or hand it over uncompiled."
        )


def check_settings(recipe: str | Path | Recipe | None, changes: Mapping[str, object]) -> None:
    """Raise `UsageError` for mistakes in a recipe or its changes, before anything is read.

    Where the data choose the recipe, only what is wrong with each of them is found.
    """
    usual = load_recipe("fast").model_copy(update={"name": "usual"})
    load_recipe(usual if recipe is None else recipe, changes)


def choose_recipe(
    data: Dataset,
    recipe: str | Path | Recipe | None,
    changes: Mapping[str, object],
    *,
    own_network: bool = False,
    budget: float | None = None,
) -> Recipe:
    """Return the recipe to train some data by, with changes by dotted key.

    Args:
        data: What is to be trained on.
        recipe: The user's choice, if there is one.
        changes: What is to be otherwise.
        own_network: Whether the user brings the network.
        budget: The seconds of the run, if it has a budget.

    Raises:
        UsageError: There is no such recipe, or a change is wrong.
    """
    fitting: dict[str, object] = {}
    if recipe is None:
        recipe, fitting = usual_recipe(data, own_network=own_network, budget=budget)
    return load_recipe(recipe, fitting | dict(changes))


def usual_recipe(
    data: Dataset, *, own_network: bool, budget: float | None = None
) -> tuple[str, dict[str, object]]:
    """Return the name of the recipe for some data, and what it takes from them.

    Small grey pictures of one size are trained by `fast`, all others by `photos`, a network of
    one's own by `guide`, which sets out the least. Up to `FEW` small grey ones are trained by
    `accurate`, and more of them where a budget gives minutes, in which `fast` would learn its
    pictures by heart; but not mirrored, since they may be letters. Arrays keep their size from
    `SMALLEST` up to `LARGEST`, files of one size up to `LARGEST_FILES`; all others are made to
    fit the recipe's size.

    Args:
        data: What is to be trained on.
        own_network: Whether the user brings the network.
        budget: The seconds of the run, if it has a budget.

    Returns:
        The recipe's name, and fields of it by dotted key.
    """
    if own_network:
        return "guide", {}
    shape = data.shape or _shape_of_files(data)
    if shape is None:
        return "photos", {}
    height, width, channels = shape
    size: dict[str, object] = {"image.height": height, "image.width": width}
    if min(height, width) < SMALLEST or max(height, width) > LARGEST:
        size = {}
    if channels == 1 and max(height, width) <= SMALL:
        return _recipe_for_small_grey(len(data.train), size, budget)
    return "photos", size | {"image.channels": channels}


def usual_passes(recipe: str, count: int) -> int | None:
    """Return how often a recipe goes over so many pictures where it is the usual choice.

    Returns:
        `None` for recipes that always have their own number of passes.
    """
    if recipe not in LOOKS:
        return None
    looks, fewest, most = LOOKS[recipe]
    return min(most, max(fewest, math.ceil(looks / count)))


def _recipe_for_small_grey(
    count: int, size: Mapping[str, object], budget: float | None
) -> tuple[str, dict[str, object]]:
    few: dict[str, object] = {"fit.batch_size": SMALL_BATCH} if count <= VERY_FEW else {}
    by_accurate = count <= FEW if budget is None else budget >= START + EACH * count
    name = "accurate" if by_accurate else "fast"
    unmirrored = {"augment.flip": False} if by_accurate else {}
    return name, {**size, **few, **unmirrored, "fit.epochs": usual_passes(name, count)}


def _shape_of_files(data: Dataset) -> tuple[int, ...] | None:
    """Return the one shape of pictures in files, if a few tell of one, and a small one."""
    images = data.train.images
    if not isinstance(images, EncodedImages):
        return None
    shapes = set()
    for index in np.unique(np.linspace(0, len(images) - 1, LOOKED_AT).astype(int)).tolist():
        with contextlib.suppress(ImageError):  # told of when all are read
            shapes.add(original_shape(images.content(index), images.name(index)))
    shape = shapes.pop() if len(shapes) == 1 else None
    return shape if shape is not None and max(shape[:2]) <= LARGEST_FILES else None
