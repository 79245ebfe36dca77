"""What a file in another format tells whoever runs it, as JSON, wherever the format keeps it."""

import json
from collections.abc import Mapping
from typing import Any

from tellapart._version import __version__
from tellapart.bundle import Bundle

KEY = "tellapart"
"""What the contract is called where a format keeps things by name."""

FILE = "tellapart.json"
"""What it is called where it is a file in the format's folder or archive."""


def contract_of(
    bundle: Bundle, *, any_size: bool = False, in_8_bits: bool = False, entry: str | None = None
) -> dict[str, Any]:
    """Return class names, pixels, rules, scores and origin of a bundle, as JSON has them.

    Args:
        bundle: Whose network it is.
        any_size: Whether the file's main entry makes pictures of any size fit.
        in_8_bits: Whether it computes in 8 bits.
        entry: The name of a second entry that makes them fit, if there is one.
    """
    manifest = bundle.manifest
    rules = manifest.decisions
    return {
        "made_by": f"tellapart {__version__}",
        "name": manifest.name,
        "created": manifest.created,
        "class_names": list(manifest.class_names),
        "image": manifest.image.model_dump(),
        "any_size": any_size,
        "any_size_entry": entry,
        "in_8_bits": in_8_bits,
        "temperature_applied": rules.temperature if rules is not None else 1.0,
        "decisions": rules.model_dump() if rules is not None else None,
        "scores": manifest.scores.model_dump() if manifest.scores is not None else None,
        "data": manifest.data.model_dump(),
    }


def contract_text(contract: Mapping[str, Any]) -> str:
    """Return what `contract_of` gives as text."""
    return json.dumps(contract, ensure_ascii=False, indent=2)
