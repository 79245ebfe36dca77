"""Whether a description of a network says all that its training does."""

from typing import Any

import keras

_WHOLE = ("keras.", "tellapart.")


def is_told_by_config(network: keras.Model, optimizer: Any) -> bool:
    """Return whether two networks of equal configs are trained in the same way.

    A config has functions and classes by their names alone: a user's own activation,
    regulariser, schedule or optimiser may do something else under the same name the next time.

    Args:
        network: Built.
        optimizer: What trains it.
    """
    layers = [x for x in network._flatten_layers() if not isinstance(x, keras.Model)]
    return all(_is_whole(part) for thing in (*layers, optimizer) for part in _parts(thing))


def _parts(thing: Any) -> list[Any]:
    """Return a layer or optimiser and all that it was given to call."""
    inner = getattr(thing, "inner_optimizer", None)
    held = [value for value in vars(thing).values() if callable(value)]
    return [thing, *held, *(() if inner is None else _parts(inner))]


def _is_whole(part: Any) -> bool:
    return str(getattr(part, "__module__", "")).startswith(_WHOLE)
