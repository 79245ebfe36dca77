"""The learning rate as a function of how far the training is, and of nothing else."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tellapart.sections import OptimizerSection

Shares = NDArray[np.float64]


def _constant(done: Shares) -> Shares:
    return np.ones_like(done)


def _straight(done: Shares) -> Shares:
    return 1.0 - done


def _cosine(done: Shares) -> Shares:
    return (1.0 + np.cos(np.pi * done)) / 2.0


FALLS: Mapping[str, Callable[[Shares], Shares]] = MappingProxyType(
    {"constant": _constant, "one-cycle": _straight, "cosine": _cosine}
)


def learning_rates(section: OptimizerSection, done: ArrayLike) -> NDArray[np.float32]:
    """Return the learning rates at some places of a training.

    One-cycle is Smith's ("Super-Convergence", 2018), cosine Loshchilov's and Hutter's
    ("SGDR", 2017) without restarts.

    Args:
        section: Peak, schedule and warm-up.
        done: Shares of the training that lie behind each place, 0 to 1.

    Example:
        >>> section = OptimizerSection(learning_rate=1.0, schedule="one-cycle", warmup=0.5)
        >>> learning_rates(section, [0.0, 0.25, 0.5, 0.75, 1.0]).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    places: Any = np.clip(np.asarray(done, np.float64), 0.0, 1.0)
    warmup = section.warmup
    fall = FALLS[section.schedule]((places - warmup) / (1.0 - warmup))
    rise = places / max(warmup, 1e-9)  # a share so small that it can be divided by
    return (section.learning_rate * np.where(places < warmup, rise, fall)).astype(np.float32)
