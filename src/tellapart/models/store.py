"""Between networks and bundles: what is written, and a network built anew around its weights."""

import importlib
import platform
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tellapart._version import __version__
from tellapart.bundle import Bundle, Golden
from tellapart.errors import BundleError, TrustError
from tellapart.manifest import Architecture, DataRecord, Manifest
from tellapart.models.catalogue import BUILDERS, build_network
from tellapart.models.custom import output_kind, own_modules
from tellapart.models.weights import load_own_weights, load_weights, own_weights_of, weights_of
from tellapart.recipe import Recipe


def to_bundle(
    network: keras.Model,
    recipe: Recipe,
    class_names: tuple[str, ...],
    data: DataRecord,
    golden: Golden,
) -> Bundle:
    """Return a trained network as a bundle, without scores."""
    custom = recipe.model.name not in BUILDERS
    architecture = Architecture(
        name=recipe.model.name,
        config=keras.saving.serialize_keras_object(network) if custom else None,
        output=output_kind(network, recipe.image),
        parameters=network.count_params(),
    )
    if architecture.config is not None:
        architecture.config.pop("compile_config", None)
    manifest = Manifest(
        name=data.name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        architecture=architecture,
        class_names=class_names,
        image=recipe.image,
        recipe=recipe.to_toml(),
        data=data,
        versions=library_versions(),
    )
    weights = own_weights_of(network) if custom else weights_of(network)
    return Bundle(manifest, weights, golden)


def rebuild(bundle: Bundle, *, trust: bool = False) -> keras.Model:
    """Return the network of a bundle, built anew, with its weights; not compiled.

    Args:
        bundle: What `open_bundle` read.
        trust: Build a user's own network from its Keras config, which may run code.

    Raises:
        TrustError: The bundle holds a user's own network and `trust` is false.
        BundleError: The network is unknown, or the weights do not fit it.
    """
    manifest = bundle.manifest
    there = sum(weight.size for weight in bundle.weights.values())
    if there != manifest.architecture.parameters:
        raise BundleError(
            f"The bundle's weights are {there:,} numbers. Its manifest says: "
            f"{manifest.architecture.parameters:,}."
        )
    if manifest.architecture.config is not None:
        network = _rebuild_custom(manifest.architecture.config, trust=trust)
        load_own_weights(network, bundle.weights)
    elif manifest.architecture.name in BUILDERS:
        network = build_network(
            manifest.architecture.name, manifest.image, len(manifest.class_names)
        )
        load_weights(network, bundle.weights)
    else:
        raise BundleError(
            f"The bundle's network '{manifest.architecture.name}' is not known to this "
            "tellapart. Fix: pip install --upgrade tellapart"
        )
    return network


def library_versions() -> dict[str, str]:
    """Return the versions of what decides a result: Python, tellapart, Keras, its backend."""
    backend = keras.backend.backend()
    packages = ["keras", "numpy", "pillow", backend, *(["jaxlib"] if backend == "jax" else [])]
    versions = {"python": platform.python_version(), "tellapart": __version__, "backend": backend}
    for package in packages:
        names = [package, f"{package}-cpu"] if package == backend else [package]
        for name in names:
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
    return versions


def golden_of(network: keras.Model, images: NDArray[np.uint8], kind: str) -> Golden:
    """Return a few real inputs with what the network says of them now."""
    outputs = keras.ops.convert_to_numpy(network(images, training=False)).astype(np.float32)
    if kind == "logits":
        outputs = keras.ops.convert_to_numpy(keras.ops.softmax(outputs))
    return Golden(images, outputs)


def _is_imported(module: str) -> bool:
    """Import a module, so that it registers its layers, and return whether that could be done."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _how_to_register(missing: list[str]) -> str:
    if missing:
        return (
            f"Modules of its layers that cannot be imported: {', '.join(missing)}. Fix: import "
            "them first, or name their folder in the environment variable PYTHONPATH"
        )
    return (
        "Fix: if it has layers or functions of yours, keep them in a module that registers them, "
        "and import that first"
    )


def _rebuild_custom(config: dict[str, Any], *, trust: bool) -> keras.Model:
    if not trust:
        raise TrustError(
            "This bundle holds a network of its maker's own, and building it may run code. "
            "If you trust where it comes from: --trust on the command line, trust=True in Python."
        )
    missing: list[str] = []
    try:
        missing += [module for module in sorted(own_modules(config)) if not _is_imported(module)]
        network = keras.saving.deserialize_keras_object(config, safe_mode=False)
    except Exception as error:
        raise BundleError(
            f"The bundle's own network cannot be built: {' '.join(str(error).split())[:200]}. "
            f"{_how_to_register(missing)}"
        ) from error
    if not isinstance(network, keras.Model):
        raise BundleError(f"The bundle's own network is a {type(network).__name__}, not a model.")
    return network
