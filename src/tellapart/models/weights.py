"""A network's weights by name, and which of a file's weights belong to which of a network."""

import re
from collections.abc import Mapping
from typing import Any

import keras
from numpy.typing import NDArray

from tellapart.errors import BundleError

Shape = tuple[int, ...]


def weights_of(network: keras.Model) -> dict[str, NDArray[Any]]:
    """Return a network's weights by name, such as `conv1/kernel`, in the network's order.

    The names are the variables' paths below the network; one that stands twice gets the
    number of its place.
    """
    weights: dict[str, NDArray[Any]] = {}
    for place, (path, variable) in enumerate(zip(_paths(network), network.weights, strict=True)):
        name = path if path not in weights else f"{path}#{place}"
        weights[name] = keras.ops.convert_to_numpy(variable.value)
    return weights


def load_weights(network: keras.Model, weights: Mapping[str, NDArray[Any]]) -> None:
    """Put weights into a network that has exactly these names and shapes.

    Raises:
        BundleError: A name or a shape differs; nothing was changed then.
    """
    there = weights_of(network)
    if set(there) != set(weights):
        raise _foreign(sorted(set(there) ^ set(weights)))
    for name, old in there.items():
        _check_shape(name, old.shape, weights[name].shape)
    network.set_weights([weights[name] for name in there])


def own_weights_of(network: keras.Model) -> dict[str, NDArray[Any]]:
    """Return the weights of a user's own network by path and place, such as `dense/kernel#0`."""
    values = [keras.ops.convert_to_numpy(variable.value) for variable in network.weights]
    return dict(zip(own_shapes(network), values, strict=True))


def load_own_weights(network: keras.Model, weights: Mapping[str, NDArray[Any]]) -> None:
    """Put the weights of a user's own network into one that was built anew from its config.

    Raises:
        BundleError: They are another network's; nothing was changed then.
    """
    if not all("#" in name for name in weights):  # written without places
        load_weights(network, weights)
        return
    names = pair(network, {name: tuple(value.shape) for name, value in weights.items()})
    network.set_weights([weights[name] for name in names])


def own_shapes(network: keras.Model) -> dict[str, Shape]:
    """Return the shapes of a user's own network's weights by path and place."""
    shapes = [tuple(variable.shape) for variable in network.weights]
    paths = enumerate(_paths(network))
    return dict(zip((f"{path}#{place}" for place, path in paths), shapes, strict=True))


def pair(network: keras.Model, shapes: Mapping[str, Shape]) -> list[str]:
    """Return the name of what belongs into each of a network's weights, in the network's order.

    They are told by their paths. Where a layer holds others, such as a `TimeDistributed`,
    Keras gives the inner ones' weights other paths when it builds them from a config, and
    numbers that go on from network to network. Then the place tells them, and the ends of
    the paths, which are the same but for such numbers, must agree.

    Args:
        network: Built anew.
        shapes: By path and place, as `own_shapes` returns them.

    Raises:
        BundleError: They are another network's.
    """
    paths, places = _paths(network), sorted(shapes, key=_place)
    given = [name.rpartition("#")[0] for name in places]
    if list(map(_place, places)) != list(range(len(paths))):
        raise _foreign(sorted(set(paths) ^ set(given)) or sorted(shapes))
    if set(paths) == set(given) and len(set(paths)) == len(paths):
        names = [places[given.index(path)] for path in paths]
    else:
        names = places
        if odd := [old for old, path in zip(given, paths, strict=True) if not _is_one(old, path)]:
            raise _foreign(odd)
    for name, variable in zip(names, network.weights, strict=True):
        _check_shape(name, tuple(variable.shape), shapes[name])
    return names


def is_told_by_paths(network: keras.Model, other: keras.Model) -> bool:
    """Return whether two networks' weights can be paired without their places."""
    paths = _paths(network)
    return len(set(paths)) == len(paths) and set(paths) == set(_paths(other))


def _paths(network: keras.Model) -> list[str]:
    return [variable.path.removeprefix(f"{network.name}/") for variable in network.weights]


def _place(name: str) -> int:
    """Return the number at a name's end, or one that no place has."""
    number = name.rpartition("#")[2]
    return int(number) if number.isascii() and number.isdecimal() else -1


def _is_one(path: str, other: str) -> bool:
    """Return whether two paths end in the same layer and variable, whatever their numbers."""
    ends = [re.sub(r"_\d+(?=/|$)", "", each).split("/")[-2:] for each in (path, other)]
    shared = min(map(len, ends))
    return ends[0][-shared:] == ends[1][-shared:]


def _foreign(names: list[str]) -> BundleError:
    return BundleError(f"The weights do not belong to this network: {', '.join(names[:5])}.")


def _check_shape(name: str, wanted: Shape, found: Shape) -> None:
    if wanted != found:
        raise BundleError(
            f"The weights do not fit this network: {name} must be {wanted}. Received: {found}."
        )
