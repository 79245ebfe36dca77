"""Arrays as pictures: whole numbers 0–255 of any type, and a message for all else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from tellapart.errors import DataError, ImageError
from tellapart.images.arrays import Pixels, as_uint8
from tellapart.images.decode import decode_array
from tellapart.sections import ImageSpec

SHAPES = arrays.array_shapes(min_dims=1, max_dims=3, max_side=5)
NUMBERS = st.sampled_from(
    [
        np.uint8,
        np.int16,
        np.uint16,
        np.int32,
        np.int64,
        np.uint64,
        np.float16,
        np.float32,
        np.float64,
    ]
)


def test_uint8_is_handed_back_without_a_copy() -> None:
    array = np.zeros((2, 2), np.uint8)
    assert as_uint8(array, "images") is array


@settings(deadline=None)
@given(arrays.arrays(np.uint8, SHAPES), NUMBERS)
def test_whole_numbers_of_any_type_keep_their_values(array: Pixels, dtype: type) -> None:
    array = array.copy()
    array.flat[0] = 200  # so that it is not taken for 0–1
    result = as_uint8(array.astype(dtype), "images")
    assert result.dtype == np.uint8
    assert np.array_equal(result, array)


def outcome(array: NDArray[Any]) -> Pixels | DataError:
    try:
        return as_uint8(array, "images")
    except DataError as error:
        return error


@settings(deadline=None)
@given(arrays.arrays(st.sampled_from([np.float32, np.float64, np.int16, np.int64]), SHAPES))
def test_any_numbers_are_kept_exactly_or_refused(array: NDArray[Any]) -> None:
    result = outcome(array)
    if isinstance(result, DataError):
        assert str(result).startswith("images must hold ")
        assert "Received: " in str(result)
    else:
        assert np.array_equal(result, array)


@pytest.mark.parametrize(
    ("values", "must", "received"),
    [
        ([0.0, np.nan, np.nan, 3.0], "no NaN and no infinity", "2 of them"),
        ([0.0, np.inf], "no NaN and no infinity", "1 of them"),
        ([-1, 5], "whole numbers 0–255", "int64 in -1 to 5"),
        ([-0.5, 0.5], "whole numbers 0–255", "float64 in -0.5 to 0.5"),
        ([0, 300], "whole numbers 0–255", "int64 in 0 to 300"),
        ([0.5, 200.0], "whole numbers 0–255", "float64 in 0.5 to 200"),
        ([True, False], "pixels as numbers", "bool"),
        (["a", "bc"], "pixels as numbers", "<U2"),
        ([None, 1], "pixels as numbers", "object"),
        ([1j, 2], "pixels as numbers", "complex128"),
    ],
)
def test_what_is_no_pixel_is_refused_with_what_was_received(
    values: list[object], must: str, received: str
) -> None:
    with pytest.raises(DataError) as caught:
        as_uint8(np.array(values), "images")
    assert caught.value.exit_code == 3
    assert str(caught.value) == f"images must hold {must}. Received: {received}."


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_pixels_in_0_to_1_are_told_apart_and_the_mend_is_named(dtype: type) -> None:
    array: NDArray[Any] = np.linspace(0, 1, 6, dtype=dtype)
    with pytest.raises(DataError) as caught:
        as_uint8(array, "images")
    message = str(caught.value)
    assert f"Received: {np.dtype(dtype)} in 0–1." in message
    assert message.endswith("Fix: images = (images * 255).round().astype('uint8')")
    mended = (array * 255).round().astype("uint8")
    assert as_uint8(mended, "images").tolist() == [0, 51, 102, 153, 204, 255]


def test_an_empty_array_is_empty_pixels() -> None:
    assert as_uint8(np.zeros((0, 28, 28)), "images").dtype == np.uint8
    assert as_uint8(np.zeros((0, 28, 28)), "images").shape == (0, 28, 28)


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (28, 28, 3)])
def test_an_array_may_be_grey_or_colour(shape: tuple[int, ...]) -> None:
    array = np.full(shape, 200)
    assert decode_array(array, ImageSpec()).pixels.shape == (28, 28, 1)
    assert np.unique(decode_array(array, ImageSpec(channels=3)).pixels).tolist() == [200]


def test_a_list_of_rows_is_taken_like_an_array() -> None:
    decoded = decode_array([[1, 2], [3, 4]], ImageSpec(height=2, width=2))
    assert decoded.pixels[:, :, 0].tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("shape", [(), (5,), (0, 5), (5, 5, 2), (5, 5, 4), (2, 5, 5, 1)])
def test_another_shape_is_refused_and_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError) as caught:
        decode_array(np.zeros(shape, np.uint8), ImageSpec(), "images[3]")
    assert (caught.value.reason, caught.value.name) == ("not-pixels", "images[3]")
    assert "it must be (h, w), (h, w, 1) or (h, w, 3)" in str(caught.value)
    assert f"Received: {shape}." in str(caught.value)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.array([[0.1, 0.9]]), "Fix: images = (images * 255)"),
        (np.array([[-3, 4]]), "Received: int64 in -3 to 4."),
        ([[1, 2], [3]], "inhomogeneous"),
        (None, "Received: object."),
    ],
)
def test_an_array_that_holds_no_pixels_is_an_image_error(array: object, says: str) -> None:
    with pytest.raises(ImageError) as caught:
        decode_array(array, ImageSpec(), "images[3]")
    assert (caught.value.reason, caught.value.exit_code) == ("not-pixels", 3)
    assert says in str(caught.value)
