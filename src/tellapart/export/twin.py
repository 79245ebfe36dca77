"""The twin of a bundle's network: the same as ONNX, so that it runs without Keras."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tellapart._extras import is_installed
from tellapart.bundle import Bundle
from tellapart.errors import BundleError
from tellapart.export.graph import UnwritableError
from tellapart.export.onnx import to_onnx
from tellapart.export.proof import TOLERANCE
from tellapart.predict.onnx_runtime import OnnxRuntime

PACKAGES = ("onnx", "onnxruntime")
"""What must be there to write a twin and to try it."""


def with_twin(bundle: Bundle, network: Any, tell: Callable[[str], None]) -> Bundle:
    """Return a bundle that runs without Keras as well, where that can be had.

    The twin is written only if it answers the golden examples as the network does. It holds
    no rules, so it need not be written again when these are learnt.

    Args:
        bundle: Whose network it is, with its golden examples.
        network: Its `keras.Model`.
        tell: Is told why there is none.
    """
    missing = [package for package in PACKAGES if not is_installed(package)]
    if missing:
        why = f"{' and '.join(missing)} not installed"
    else:
        try:
            content = to_onnx(_without_rules(bundle), network)
            why = _try(content, bundle)
            if not why:
                return bundle.with_twin(content)
        except UnwritableError as error:
            why = f"the network has a layer that cannot be written as ONNX, {error}"
        except BundleError as error:
            why = f"its ONNX does not run ({error})"
    tell(f"The classifier needs Keras to run: {why}.")
    return bundle


def _without_rules(bundle: Bundle) -> Bundle:
    manifest = bundle.manifest.model_copy(update={"decisions": None, "scores": None})
    return replace(bundle, manifest=manifest, references=None)


def _try(content: bytes, bundle: Bundle) -> str:
    """Return what is wrong with a twin, in words, or nothing."""
    golden = bundle.golden
    found = OnnxRuntime(content).probabilities(golden.images)
    difference = float(np.abs(found - golden.probabilities).max(initial=0.0))
    if difference <= TOLERANCE:
        return ""
    return f"as ONNX it answers otherwise, by {difference:.2g} in a probability"
