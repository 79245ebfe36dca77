"""All nasty files by name, with what each must come to."""

import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from nasty_jpegs import jpegs
from nasty_others import others
from nasty_pngs import pngs
from nasty_tiffs import tiffs
from scene import GROUND, SCENE, Nasty

__all__ = ["CORPUS", "GROUND", "SCENE"]

CORPUS: Mapping[str, Nasty] = {**jpegs(), **pngs(), **tiffs(), **others()}
