"""Pictures brought down to a few pixels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tellapart.data.downsize import downsize
from tellapart.data.rows import Rows


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 3]), st.integers(0, 255))
def test_an_even_colour_stays_what_it_is_at_any_size(
    height: int, width: int, channels: int, level: int
) -> None:
    found = downsize(np.full((2, height, width, channels), level, np.uint8), 6)
    assert found.shape == (2, 6, 6, channels)
    assert (found == level).all()


def test_channels_and_places_are_kept_apart_and_rows_of_a_map_come_out_the_same() -> None:
    pixels = np.zeros((3, 8, 12, 3), np.uint8)
    pixels[1, :4, :, 0] = 200
    pixels[2, :, 6:, 2] = 100
    found = downsize(pixels, 2)
    assert (found[1, 0, :, 0] > 150).all()
    assert (found[1, 1, :, 0] < 50).all()
    assert not found[1, :, :, 1:].any()
    assert (found[2, :, 1, 2] > 70).all()
    assert np.array_equal(downsize(Rows(pixels, np.array([2, 1])), 2), found[[2, 1]])
