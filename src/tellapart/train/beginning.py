"""What follows from the recipe before a step is made: the engine's settings, an epoch's order."""

import keras

from tellapart.data.order import sample_order
from tellapart.models.custom import output_kind
from tellapart.recipe import Recipe
from tellapart.train.augment import draw_changes
from tellapart.train.engines.pictures import Augmenter
from tellapart.train.engines.protocol import Epoch, Settings, Weights


def engine_settings(network: keras.Model, recipe: Recipe, *, own_optimizer: bool) -> Settings:
    """Return what an engine is told.

    Args:
        network: Compiled.
        recipe: Smoothing and augmentation.
        own_optimizer: Whether the network keeps its own learning rate.
    """
    augment = recipe.augment
    return Settings(
        from_logits=output_kind(network, recipe.image) == "logits",
        smoothing=recipe.fit.label_smoothing,
        augmenter=Augmenter(augment, recipe.image) if augment.is_on else None,
        follows_rates=not own_optimizer,
    )


def plan_epoch(recipe: Recipe, number: int, samples: int, class_weights: Weights | None) -> Epoch:
    """Return the order of an epoch's samples, and what happens to each.

    Args:
        recipe: Seed and augmentation.
        number: The epoch's, from 0.
        samples: How many there are.
        class_weights: `(samples,)`, how much each counts.
    """
    augment = recipe.augment
    changes = None
    if augment.is_on:
        changes = draw_changes(augment, recipe.image, recipe.seed, number, samples)
    return Epoch(sample_order(recipe.seed, number, samples), changes, class_weights)
