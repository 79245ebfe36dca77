"""Nasty files of every kind: each comes to the pixels that it shows, or to its one reason."""

import sys
from pathlib import Path

import numpy as np
import pytest

from tellapart.errors import ImageError
from tellapart.images.decode import decode
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CORPUS, GROUND

SPEC = ImageSpec(height=36, width=48, channels=3, background=GROUND)
READ = [name for name, nasty in CORPUS.items() if nasty.like is not None]
REFUSED = [name for name, nasty in CORPUS.items() if nasty.like is None]


@pytest.mark.parametrize("name", READ)
def test_an_odd_file_comes_to_the_pixels_that_it_shows(name: str) -> None:
    nasty = CORPUS[name]
    assert nasty.like is not None
    decoded = decode(nasty.content, SPEC)
    assert np.abs(decoded.pixels.astype(int) - nasty.like).mean() <= nasty.within
    assert (decoded.repairs, decoded.remarks) == (nasty.repairs, nasty.remarks)


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_file_is_refused_with_its_name_and_reason(name: str) -> None:
    with pytest.raises(ImageError) as caught:
        decode(CORPUS[name].content, SPEC, name)
    assert (caught.value.reason, caught.value.name) == (CORPUS[name].reason, name)
    assert caught.value.detail
