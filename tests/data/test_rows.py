"""Rows of an array or a map: the same pixels as an array in memory, without the memory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tellapart.data.rows import Rows, is_mapped, pieces

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 3, 2, 1), dtype=np.uint8)


def mapped(folder: Path, mode: str = "r") -> NDArray[np.uint8]:
    np.save(folder / "pixels.npy", PIXELS)
    return np.asarray(np.load(folder / "pixels.npy", mmap_mode=mode))  # type: ignore[arg-type]


def file_pages_kilobytes() -> int:
    """Return how much of its mapped files this process has in memory."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssFile"))


@settings(deadline=None)
@given(st.lists(st.integers(0, 39), max_size=60), st.data())
def test_rows_are_indexed_as_an_array_is(positions: list[int], data: st.DataObject) -> None:
    rows, copied = Rows(PIXELS, np.array(positions, np.int64)), PIXELS[positions]
    assert (len(rows), rows.shape, rows.dtype) == (len(copied), copied.shape, copied.dtype)
    assert rows.nbytes == copied.nbytes
    np.testing.assert_array_equal(np.asarray(rows), copied)
    low, high = data.draw(st.integers(-50, 70)), data.draw(st.integers(-50, 70))
    np.testing.assert_array_equal(rows[low:high], copied[low:high])
    if positions:
        drawn = data.draw(st.lists(st.integers(0, len(positions) - 1), max_size=20))
        places = np.array(drawn, np.int64)
        np.testing.assert_array_equal(rows[places], copied[places])
        np.testing.assert_array_equal(rows[len(positions) - 1], copied[-1])


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 100))
def test_pieces_laid_together_are_all_rows_and_none_is_too_large(count: int, most: int) -> None:
    for pixels in (PIXELS[:count], Rows(PIXELS, np.arange(count)), PIXELS[::-1][:count]):
        found = list(pieces(pixels, most))
        assert b"".join(piece.tobytes() for piece in found) == np.asarray(pixels).tobytes()
        assert all(piece.nbytes <= max(most, 6) for piece in found)
        assert all(piece.flags.c_contiguous for piece in found)


def test_rows_of_a_map_are_the_same_pixels_as_those_of_an_array(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(40)
    rows = Rows(mapped(tmp_path), order)
    for _ in range(2):  # the pages were handed back, and come again
        np.testing.assert_array_equal(rows[:], PIXELS[order])


def test_a_map_is_told_from_an_array_also_through_a_view(tmp_path: Path) -> None:
    array = mapped(tmp_path)
    assert is_mapped(array)
    assert is_mapped(array[3:, ::2])
    assert not is_mapped(np.array(array))
    assert not is_mapped(PIXELS)


def test_changes_to_a_map_in_memory_only_are_not_lost(tmp_path: Path) -> None:
    array = mapped(tmp_path, "c")
    array[7] = 255
    rows = Rows(array)
    rows[:]
    assert (rows[7] == 255).all()
    assert (array[7] == 255).all()


def test_pages_that_were_read_do_not_stay_in_the_process(tmp_path: Path) -> None:
    shape = (4000, 64, 64, 3)
    np.lib.format.open_memmap(tmp_path / "large.npy", "w+", np.uint8, shape).flush()
    rows = Rows(np.load(tmp_path / "large.npy", mmap_mode="r"))
    before = file_pages_kilobytes()
    total = sum(len(piece) for piece in pieces(rows))
    assert total == 4000
    assert rows.nbytes > 45_000_000
    assert file_pages_kilobytes() - before < 4_000


def test_rows_are_never_said_to_be_no_copy() -> None:
    with pytest.raises(ValueError, match="always copied"):
        np.asarray(Rows(PIXELS), copy=False)
