"""Keras' optimisers, as a recipe names and sets them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import keras

from tellapart.errors import ModelError
from tellapart.models.muon import ConvolutionMuon
from tellapart.sections import OptimizerSection

Common = dict[str, Any]


def _adam(section: OptimizerSection, common: Common) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(section.learning_rate, **common)


def _adamw(section: OptimizerSection, common: Common) -> keras.optimizers.Optimizer:
    return keras.optimizers.AdamW(section.learning_rate, **common)


def _muon(section: OptimizerSection, common: Common) -> keras.optimizers.Optimizer:
    decay = common.pop("weight_decay")
    # the last layer is a classifier's, not a hidden one: Adam's, as Muon's author has it
    return ConvolutionMuon(
        section.learning_rate,
        weight_decay=decay,
        adam_weight_decay=decay,
        exclude_layers=["probabilities"],
        **common,
    )


def _rmsprop(section: OptimizerSection, common: Common) -> keras.optimizers.Optimizer:
    return keras.optimizers.RMSprop(section.learning_rate, **common)


def _sgd(section: OptimizerSection, common: Common) -> keras.optimizers.Optimizer:
    momentum = section.momentum
    return keras.optimizers.SGD(
        section.learning_rate, momentum=momentum, nesterov=momentum > 0, **common
    )


OPTIMIZERS: Mapping[str, Callable[[OptimizerSection, Common], keras.optimizers.Optimizer]] = (
    MappingProxyType(
        {"adam": _adam, "adamw": _adamw, "muon": _muon, "rmsprop": _rmsprop, "sgd": _sgd}
    )
)


def make_optimizer(section: OptimizerSection) -> keras.optimizers.Optimizer:
    """Return the optimiser of a recipe; its decay is of all weights, as it was measured.

    The learning rate is the peak of the schedule, which the training loop follows.
    """
    common: Common = {
        # 0 would be taken for a decay: AdamW insists on a number, the others on none
        "weight_decay": section.weight_decay or (0.0 if section.name in ("adamw", "muon") else None)
    }
    if section.clip_norm:
        common["global_clipnorm"] = section.clip_norm
    if section.ema:
        common |= {"use_ema": True, "ema_momentum": section.ema}
    return OPTIMIZERS[section.name](section, common)


def build_optimizer(network: keras.Model) -> None:
    """Make the variables of a network's optimiser, unless that was done.

    A `LossScaleOptimizer` would make its own a second time.
    """
    if not network.optimizer.built:
        network.optimizer.build(network.trainable_variables)


def keeps_average(optimizer: keras.optimizers.Optimizer) -> bool:
    """Return whether an optimiser, or the one that scales losses around it, averages weights."""
    return bool(getattr(optimizer, "inner_optimizer", optimizer).use_ema)


def copy_optimizer(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Return a new optimiser that does the same, what it leaves out of weight decay included.

    Raises:
        ModelError: It cannot be made from its config, or leaves single variables out.
    """
    try:
        found = type(optimizer).from_config(optimizer.get_config())
    except Exception as error:
        raise ModelError(
            "The optimiser of `model` cannot be made anew: it, and a schedule of its own, must "
            f"have a get_config. Received: {' '.join(str(error).split())[:200]}"
        ) from error
    if getattr(optimizer, "_exclude_from_weight_decay", None):
        raise ModelError(
            "The optimiser of `model` leaves single variables out of its weight decay, which "
            "a copy cannot know. Fix: exclude_from_weight_decay(var_names=...)"
        )
    if words := undecayed(optimizer):
        found.exclude_from_weight_decay(var_names=[words])
    return found


def undecayed(optimizer: keras.optimizers.Optimizer) -> str:
    """Return the pattern of the variables that an optimiser never decays; its config lacks it."""
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    return "" if pattern is None else str(pattern.pattern)
