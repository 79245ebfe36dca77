"""What a network is made of and how it is wired, whatever its layers are called."""

from typing import Any

import keras

Config = dict[str, Any]

_NESTED = ("Functional", "Sequential")


def has_wiring(network: keras.Model) -> bool:
    """Return whether a network is of one of Keras' own kinds, which its layers say all about."""
    kind = type(network)
    return kind.__module__.startswith("keras.") and kind.__name__ in _NESTED


def wiring_of(network: keras.Model) -> Config:
    """Return a network's config with the numbers of its layers in place of their names.

    Keras goes on counting the layers that nobody named, so that the same lines give other
    names each time. All else stays: kinds, settings, shapes, which output goes where. A layer
    that holds others keeps the names of these.

    Args:
        network: That `has_wiring`.
    """
    config: Config = network.get_config()
    return _numbered(config)


def _numbered(config: Config) -> Config:
    numbers = {layer["config"]["name"]: place for place, layer in enumerate(config["layers"])}
    ends: Config = {
        key: _numbered_ends(config[key], numbers)
        for key in ("input_layers", "output_layers")
        if key in config
    }
    layers = [_numbered_layer(layer, numbers) for layer in config["layers"]]
    return {**_nameless(config), **ends, "layers": layers}


def _numbered_layer(layer: Config, numbers: dict[str, int]) -> Config:
    config = layer["config"]
    nested = layer["module"] == "keras" and layer["class_name"] in _NESTED
    found = {**_nameless(layer), "config": _numbered(config) if nested else _nameless(config)}
    if "inbound_nodes" in layer:
        found["inbound_nodes"] = _numbered_tensors(layer["inbound_nodes"], numbers)
    return found


def _nameless(config: Config) -> Config:
    return {key: value for key, value in config.items() if key != "name"}


def _numbered_tensors(value: Any, numbers: dict[str, int]) -> Any:
    """Return the arguments of a call, where each tensor tells the number of its layer."""
    if isinstance(value, list | tuple):
        return [_numbered_tensors(each, numbers) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        config = value["config"]
        name, *rest = config["keras_history"]
        return {**value, "config": {**config, "keras_history": [numbers[name], *rest]}}
    return {key: _numbered_tensors(each, numbers) for key, each in value.items()}


def _numbered_ends(value: Any, numbers: dict[str, int]) -> Any:
    """Return a network's inputs or outputs, each `[layer, node, tensor]`, nested as they are."""
    if isinstance(value, dict):
        return {key: _numbered_ends(each, numbers) for key, each in value.items()}
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], str):
            return [numbers[value[0]], *value[1:]]
        return [_numbered_ends(each, numbers) for each in value]
    return value
