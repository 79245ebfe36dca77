"""Damage of any kind in any kind of file: pixels of the asked shape, or one ImageError."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import decode
from tellapart.images.limits import Limits
from tellapart.sections import ImageSpec

sys.path.insert(0, str(Path(__file__).parent))
from corpus import CORPUS

SPEC = ImageSpec(height=9, width=7, channels=3)
LIMITS = Limits(pixels=1 << 20, seconds=2.0)
REASONS = {"unknown-format", "too-large", "truncated", "damaged", "range", "empty"}
SMALL = {name: nasty.content for name, nasty in CORPUS.items() if len(nasty.content) < 30_000}
KINDS = ["jpeg", "png", "tiff", "webp", "avif", "gif", "bmp", "ppm"]

PLACES = st.floats(0, 1)
FLIPS = st.tuples(st.just("flip"), PLACES, st.integers(0, 7))
CUTS = st.tuples(st.just("cut"), PLACES, st.integers(1, 64))
INSERTS = st.tuples(st.just("insert"), PLACES, st.binary(min_size=1, max_size=16))
CHANGES = st.lists(st.one_of(FLIPS, CUTS, INSERTS), min_size=1, max_size=5)


def change(content: bytes, changes: list[tuple[str, float, int | bytes]]) -> bytes:
    """Return a file with bits flipped, pieces cut out, or bytes put in between."""
    changed = bytearray(content)
    for what, share, more in changes:
        # Squared, because most of what can go wrong is in the head.
        place = int(share**2 * (len(changed) - 1))
        if isinstance(more, bytes):
            changed[place:place] = more
        elif what == "cut":
            del changed[place : place + more]
        elif changed:
            changed[place] ^= 1 << more
    return bytes(changed)


def outcome(content: bytes) -> Pixels | ImageError:
    try:
        return decode(content, SPEC, "it", limits=LIMITS).pixels
    except ImageError as error:
        return error


@pytest.mark.filterwarnings("ignore")  # what Pillow warns about is what was put in
@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=120)
@given(st.data(), CHANGES)
def test_a_changed_file_gives_pixels_or_an_image_error(
    kind: str, data: st.DataObject, changes: list[tuple[str, float, int | bytes]]
) -> None:
    name = data.draw(st.sampled_from(sorted(name for name in SMALL if name.startswith(kind))))
    content = change(SMALL[name], changes)
    result = outcome(content)
    if isinstance(result, ImageError):
        assert result.reason in REASONS
        assert str(result).startswith(f"Cannot read it as a picture ({result.reason}): ")
        assert result.detail
    else:
        assert result.shape == SPEC.shape
        assert result.dtype == np.uint8


@settings(deadline=None)
@given(CHANGES)
@example([("flip", 1.0, 0)])
def test_what_becomes_of_a_file_does_not_depend_on_what_was_decoded_before(
    changes: list[tuple[str, float, int | bytes]],
) -> None:
    content = change(SMALL["jpeg, progressive"], changes)
    first = outcome(content)
    decode(SMALL["jpeg, progressive"], SPEC)
    again = outcome(content)
    if isinstance(first, ImageError):
        assert str(again) == str(first)
    else:
        assert not isinstance(again, ImageError)
        assert np.array_equal(again, first)
