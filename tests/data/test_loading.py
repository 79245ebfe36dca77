"""Decoding on several threads: the same as one after the other."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tellapart.data.folder import from_folder
from tellapart.data.loading import (
    CHUNK,
    CHUNKS_AHEAD,
    MOST_AHEAD_BYTES,
    decode_all,
    decode_in_order,
    work_in_order,
)
from tellapart.errors import ImageError
from tellapart.images.arrays import Pixels
from tellapart.images.decode import Decoded, read_file
from tellapart.sections import ImageSpec

SPEC = ImageSpec(height=16, width=16, channels=3)


def pixels_of(index: int) -> Decoded:
    """Return a picture as bright as its position; each seventh is bad, each fifth repaired."""
    if index % 7 == 3:
        raise ImageError(f"picture {index}", "damaged", "it is a seventh one.")
    repairs = ("mended",) if index % 5 == 0 else ()
    return Decoded(np.full((2, 2, 1), index % 256, np.uint8), repairs)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 200), st.integers(1, 4))
def test_every_picture_comes_in_its_order_or_as_its_error(count: int, threads: int) -> None:
    answers = list(decode_in_order(count, pixels_of, threads))
    assert len(answers) == count
    for index, answer in enumerate(answers):
        if index % 7 == 3:
            assert isinstance(answer, ImageError)
            assert answer.name == f"picture {index}"
        else:
            assert isinstance(answer, Decoded)
            assert (answer.pixels == index % 256).all()


def test_pictures_that_take_longer_are_waited_for() -> None:
    draw = np.random.default_rng(0).uniform(0, 0.002, 100)

    def slow(index: int) -> Decoded:
        time.sleep(draw[index])
        return Decoded(np.full((1, 1, 1), index, np.uint8))

    found: list[int] = []
    decode_all(100, slow, lambda pixels: found.append(int(pixels[0, 0, 0])))
    assert found == list(range(100))


def test_the_account_names_what_was_kept_failed_and_mended() -> None:
    put: list[Pixels] = []
    account = decode_all(60, pixels_of, put.append)
    bad = [index for index in range(60) if index % 7 == 3]
    assert list(account.failures) == bad
    assert account.kept.tolist() == [index for index in range(60) if index not in bad]
    assert len(put) == len(account.kept)
    mended = [index for index in range(0, 60, 5) if index not in bad]
    assert account.repairs == {"mended": mended}
    assert account.repair_counts == {"mended": len(mended)}


def test_no_more_pictures_are_in_flight_than_there_is_room_for() -> None:
    begun: list[int] = []
    lock = threading.Lock()

    def count_begun(index: int) -> Decoded:
        with lock:
            begun.append(index)
        return Decoded(np.zeros((1, 1, 1), np.uint8))

    answers = decode_in_order(10_000, count_begun, 2)
    next(answers)
    time.sleep(0.05)
    assert len(begun) <= 2 * CHUNKS_AHEAD * CHUNK
    answers.close()  # type: ignore[attr-defined]


def test_an_error_that_is_no_pictures_fault_is_raised_and_ends_the_threads() -> None:
    def fail(index: int) -> Decoded:
        raise ZeroDivisionError(index)

    with pytest.raises(ZeroDivisionError):
        list(decode_in_order(1000, fail, 2))
    assert not [t for t in threading.enumerate() if t.name.startswith("decode")]


def test_a_folder_is_decoded_as_its_files_are_one_by_one(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    for number in range(60):
        path = tmp_path / "pets" / ("cat" if number % 2 else "dog") / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        side = int(draw.integers(5, 40))
        Image.fromarray(draw.integers(0, 256, (side, 20, 3), dtype=np.uint8)).save(path)
    (tmp_path / "pets" / "cat" / "07.jpg").write_bytes(b"no picture")
    images = from_folder(tmp_path / "pets").train.images
    found = images.decode(SPEC)
    assert [error.name for error in found.failures] == [str(tmp_path / "pets" / "cat" / "07.jpg")]
    assert len(found.kept) == 59
    for pixels, place in zip(found.pixels, found.kept, strict=True):
        one = read_file(Path(images.name(int(place))), SPEC)
        np.testing.assert_array_equal(pixels, one.pixels)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 200), st.integers(1, 4), st.sampled_from([0, 1 << 20, 1 << 30]))
def test_things_of_any_weight_come_in_their_order(count: int, threads: int, weight: int) -> None:
    found = work_in_order(iter(range(count)), str, threads, ahead=100, weigh=lambda _: weight)
    assert list(found) == list(map(str, range(count)))


def test_heavy_things_are_asked_for_only_while_there_is_room() -> None:
    """So an archive of large pictures does not fill the memory."""
    weight = MOST_AHEAD_BYTES // 4
    asked = taken = most = 0

    def things() -> Iterator[int]:
        nonlocal asked
        for number in range(200):
            asked += 1
            yield number

    for _ in work_in_order(things(), str, 2, ahead=1000, weigh=lambda _: weight):
        taken += 1
        most = max(most, asked - taken)
    assert taken == 200
    assert most <= 6


def test_an_error_in_the_work_reaches_whoever_takes_the_results() -> None:
    with pytest.raises(ZeroDivisionError):
        list(work_in_order(range(100), lambda number: 1 // (50 - number), 2))
