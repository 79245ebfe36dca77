"""Bring in an optional dependency, or name the pip command that brings it.

Keras' backend is one of them. It must be chosen before Keras is first imported, so
everything that is to load Keras calls `prepare_keras` before.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tellapart._loading import load_keras
from tellapart.errors import MissingExtraError, UsageError, did_you_mean

BACKENDS: Mapping[str, str] = MappingProxyType(
    {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
)
"""Each backend of Keras and the module that must be installed for it."""


def is_installed(module: str) -> bool:
    """Return whether `module` can be imported, without importing it."""
    return module in sys.modules or importlib.util.find_spec(module) is not None


def has_keras() -> bool:
    """Return whether Keras is installed with any backend, without importing it."""
    return is_installed("keras") and any(is_installed(module) for module in BACKENDS.values())


def has_accelerator() -> bool:
    """Return whether a Keras that is loaded computes on something else than the processor."""
    keras = sys.modules.get("keras")
    # Keras lists the devices of TensorFlow and JAX only; a tensor of any backend tells its own
    return keras is not None and "cpu" not in str(keras.ops.zeros(()).device).lower()


def install_command(extra: str) -> str:
    """Return the pip command that brings an extra of tellapart."""
    return f'pip install "tellapart[{extra}]"'


def require_extra(module: str, extra: str) -> None:
    """See that an optional module is installed, without importing it.

    Raises:
        MissingExtraError: It is not.
    """
    package = module.partition(".")[0]
    if not is_installed(package):
        raise MissingExtraError(
            f"This needs {package}, which is not installed. Install it: {install_command(extra)}"
        )


def load_extra(module: str, extra: str) -> Any:
    """Return an optional module.

    Args:
        module: Its full name, such as "pyarrow.parquet".
        extra: The extra of tellapart that brings it.

    Raises:
        MissingExtraError: It is not installed, or cannot be loaded.
    """
    require_extra(module, extra)
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{module} is installed and cannot be loaded: {error}. Install it again: "
            f"{install_command(extra)}"
        ) from error


def prepare_keras(backend: str | None = None) -> str:
    """Choose Keras' backend, load Keras, and return the backend that runs.

    The order is: the argument, the environment variable KERAS_BACKEND, TensorFlow.
    Where nothing was asked for and TensorFlow is missing, the first installed one of
    `BACKENDS` is taken.

    Args:
        backend: "tensorflow", "jax" or "torch"; `None` to go by the environment.

    Raises:
        UsageError: The name is unknown, or Keras already runs on another backend.
        MissingExtraError: The backend is not installed.
    """
    asked = backend or os.environ.get("KERAS_BACKEND") or None
    if asked is not None and asked not in BACKENDS:
        where = "" if backend else " in the environment variable KERAS_BACKEND"
        raise UsageError(f"Unknown backend '{asked}'{where}. {did_you_mean(asked, BACKENDS)}")
    running = _running_backend()
    if asked is None and running is not None:
        return running
    chosen = asked or next((b for b, m in BACKENDS.items() if is_installed(m)), None)
    if chosen is None or not is_installed("keras"):
        raise MissingExtraError(
            "This needs Keras and a backend of it, and they are not installed. "
            f"Install them: {install_command(chosen or 'tensorflow-cpu')}"
        )
    if not is_installed(BACKENDS[chosen]):
        raise MissingExtraError(
            f"Keras' backend '{chosen}' is not installed. Install it: {install_command(chosen)}"
        )
    if running not in (None, chosen):
        raise UsageError(
            f"Keras already runs on '{running}' in this process and cannot change to '{chosen}'. "
            f"Set KERAS_BACKEND={chosen} before Python starts."
        )
    os.environ["KERAS_BACKEND"] = chosen
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    load_keras()
    return chosen


def _running_backend() -> str | None:
    """Return the backend of a Keras that is loaded already, or `None`."""
    keras = sys.modules.get("keras")
    return str(keras.backend.backend()) if keras is not None else None
