"""Reads a folder of pictures by way of a cache, in a process that can be killed.

Usage: python building.py FOLDER CACHE
"""

import sys
from pathlib import Path

from tellapart.data.cache import Cache
from tellapart.data.folder import from_folder
from tellapart.data.prepare import prepare
from tellapart.recipe import load_recipe

RECIPE = load_recipe("guide", {"image.height": 64, "image.width": 64, "data.validation": "holdout"})


def fingerprint_by_way_of(root: Path, folder: Path) -> str:
    """Return the fingerprint of the pixels, decoded or from the cache."""
    cache = Cache(folder, spare_bytes=0, least_seconds=0.0)
    return prepare(from_folder(root), RECIPE, cache=cache).fingerprint


if __name__ == "__main__":
    sys.stdout.write(fingerprint_by_way_of(*map(Path, sys.argv[1:])))
