"""A picture's own size, upright, told without decoding it."""

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from tellapart.errors import ImageError
from tellapart.images.examine import examine, original_size


def jpeg(width: int, height: int, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = io.BytesIO()
    Image.new("RGB", (width, height)).save(content, "JPEG", exif=exif)
    return content.getvalue()


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 30)), (3, (40, 30)), (6, (30, 40))])
def test_it_is_the_size_as_the_picture_is_looked_at(
    orientation: int, size: tuple[int, int]
) -> None:
    content = jpeg(40, 30, orientation)
    assert original_size(content, "a.jpg") == size
    assert examine(content, "a.jpg").pixels.shape[1::-1] == size


def test_of_a_large_picture_it_is_not_reduced() -> None:
    assert original_size(jpeg(5000, 40), "a.jpg") == (5000, 40)


def test_an_array_has_its_own_size() -> None:
    assert original_size(np.zeros((3, 5, 3), np.uint8), "a") == (5, 3)
    for shape in ((3, 32, 32), (32, 32, 4), (32,), (0, 3)):
        with pytest.raises(ImageError, match=r"must be \(h, w\), \(h, w, 1\) or \(h, w, 3\)"):
            original_size(np.zeros(shape, np.uint8), "a")


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"text", "unknown-format")])
def test_what_is_no_picture_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ImageError) as caught:
        original_size(content, "a.jpg")
    assert caught.value.reason == reason


@pytest.mark.parametrize("is_file", [True, False])
@pytest.mark.parametrize(
    ("size", "reduced"),
    [((8000, 2000), (4096, 1024)), ((2, 6000), (1, 4096)), ((4096, 30), (4096, 30))],
)
def test_a_picture_too_large_to_examine_whole_keeps_its_shape_and_its_size_is_told(
    size: tuple[int, int], reduced: tuple[int, int], *, is_file: bool
) -> None:
    found = examine(jpeg(*size) if is_file else np.zeros(size[::-1], np.uint8), "a.jpg")
    assert found.size == size
    assert found.pixels.shape[1::-1] == reduced
