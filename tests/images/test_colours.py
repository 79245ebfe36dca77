"""Every mode of the image library: what its pixels become, in grey and in colour."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tellapart.errors import ImageError
from tellapart.images.decode import Decoded, decode, decode_picture
from tellapart.sections import ImageSpec

MODES = [
    *("1", "L", "LA", "La", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB"),
    *("HSV", "I", "I;16", "I;16L", "I;16B", "F"),
]
GROUND = 40
OVER_GROUND = (f"transparent parts laid over grey level {GROUND}",)
SCALED = ("deep pixels scaled to 8 bit",)


def spec(width: int, channels: int = 3) -> ImageSpec:
    """Return a row of `width` pixels, so that no size changes."""
    return ImageSpec.model_validate(
        {"height": 1, "width": width, "channels": channels, "background": GROUND}
    )


def row(mode: str, values: list[Any]) -> Image.Image:
    picture = Image.new(mode, (len(values), 1))
    picture.putdata(values)
    return picture


def png(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


def greys(decoded: Decoded) -> list[int]:
    """Return the levels of one row of a grey picture."""
    assert decoded.pixels.shape[0] == decoded.pixels.shape[2] == 1
    return [int(level) for level in decoded.pixels[0, :, 0]]


def colours(decoded: Decoded) -> list[list[int]]:
    assert decoded.pixels.shape[2] == 3
    return [[int(level) for level in colour] for colour in decoded.pixels[0]]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_pixels_of_the_asked_shape(mode: str, channels: int) -> None:
    decoded = decode_picture(Image.new(mode, (5, 4)), ImageSpec(channels=channels))  # type: ignore[arg-type]
    assert decoded.pixels.shape == (28, 28, channels)
    assert decoded.pixels.dtype == np.uint8


def test_black_and_white_become_0_and_255() -> None:
    assert greys(decode_picture(row("1", [0, 1, 1]), spec(3, 1))) == [0, 255, 255]


def test_grey_keeps_its_levels_in_one_channel_and_in_three() -> None:
    picture = row("L", [0, 77, 255])
    assert greys(decode_picture(picture, spec(3, 1))) == [0, 77, 255]
    assert colours(decode_picture(picture, spec(3))) == [[0] * 3, [77] * 3, [255] * 3]


def test_colour_is_kept_and_becomes_grey_by_its_luminance() -> None:
    picture = row("RGB", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (1, 2, 3)])
    assert colours(decode_picture(picture, spec(4))) == [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [1, 2, 3],
    ]
    # ITU-R 601-2: 299 R + 587 G + 114 B in thousandths.
    assert greys(decode_picture(picture, spec(4, 1))) == [76, 150, 29, 2]


def test_transparent_grey_shows_the_ground() -> None:
    decoded = decode_picture(row("LA", [(200, 0), (200, 255), (200, 128)]), spec(3, 1))
    assert greys(decoded) == [GROUND, 200, 120]
    assert decoded.repairs == OVER_GROUND


@pytest.mark.parametrize("by_file", [False, True])
def test_transparent_colour_shows_the_ground(*, by_file: bool) -> None:
    picture = row("RGBA", [(255, 0, 0, 0), (10, 20, 30, 255)])
    decoded = decode(png(picture), spec(2)) if by_file else decode_picture(picture, spec(2))
    assert colours(decoded) == [[GROUND] * 3, [10, 20, 30]]
    assert decoded.repairs == OVER_GROUND


def palette_row() -> Image.Image:
    picture = Image.new("P", (2, 1))
    picture.putpalette([255, 0, 0, 10, 20, 30])
    picture.putdata([0, 1])
    return picture


def test_a_palette_is_looked_up() -> None:
    decoded = decode(png(palette_row()), spec(2))
    assert colours(decoded) == [[255, 0, 0], [10, 20, 30]]
    assert decoded.repairs == ()


@pytest.mark.parametrize("transparency", [0, b"\x00\xff"])
def test_a_transparent_entry_of_a_palette_shows_the_ground(transparency: int | bytes) -> None:
    decoded = decode(png(palette_row(), transparency=transparency), spec(2))
    assert colours(decoded) == [[GROUND] * 3, [10, 20, 30]]
    assert decoded.repairs == OVER_GROUND


def test_a_palette_with_alpha_shows_the_ground() -> None:
    picture = palette_row().convert("PA")
    picture.putalpha(row("L", [0, 255]))
    assert picture.mode == "PA"
    decoded = decode_picture(picture, spec(2))
    assert colours(decoded) == [[GROUND] * 3, [10, 20, 30]]
    assert decoded.repairs == OVER_GROUND


@pytest.mark.parametrize(
    ("picture", "key"),
    [(row("L", [7, 9]), 7), (row("RGB", [(7, 7, 7), (9, 9, 9)]), (7, 7, 7))],
    ids=["grey", "colour"],
)
def test_the_colour_key_of_a_png_is_transparent(picture: Image.Image, key: object) -> None:
    decoded = decode(png(picture, transparency=key), spec(2))
    assert colours(decoded) == [[GROUND] * 3, [9] * 3]
    assert decoded.repairs == OVER_GROUND


def test_ink_becomes_light() -> None:
    picture = row("CMYK", [(0, 0, 0, 0), (0, 0, 0, 255), (255, 0, 0, 0)])
    assert colours(decode_picture(picture, spec(3))) == [[255] * 3, [0] * 3, [0, 255, 255]]
    assert greys(decode_picture(picture, spec(3, 1)))[:2] == [255, 0]


def test_a_jpeg_in_ink_is_not_inverted() -> None:
    file = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(file, "JPEG")
    pixels = decode(file.getvalue(), ImageSpec(height=16, width=16, channels=3)).pixels
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() <= 3


def test_lab_becomes_grey_by_its_lightness() -> None:
    assert greys(decode_picture(row("LAB", [(0, 128, 128), (255, 128, 128)]), spec(2, 1))) == [
        0,
        255,
    ]


DEEP: NDArray[np.uint16] = np.array([[0, 128, 257, 32768, 65535]], np.uint16)


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
def test_deep_grey_is_scaled_and_not_clipped(mode: str) -> None:
    kind = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4"}[mode]
    picture = Image.frombytes(mode, (5, 1), DEEP.astype(kind).tobytes())
    decoded = decode_picture(picture, spec(5, 1))
    assert greys(decoded) == [0, 0, 1, 128, 255]
    assert decoded.repairs == SCALED


def test_a_16_bit_png_is_scaled_and_not_clipped() -> None:
    decoded = decode(png(Image.fromarray(DEEP)), spec(5, 1))
    assert greys(decoded) == [0, 0, 1, 128, 255]
    assert decoded.repairs == SCALED


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 77.0, 255.0], [0, 77, 255]),
        ([0, 65535.0], [0, 255]),
    ],
)
def test_float_grey_is_scaled_by_the_least_range_that_holds_it(
    values: list[float], levels: list[int]
) -> None:
    assert greys(decode_picture(row("F", values), spec(len(values), 1))) == levels


@pytest.mark.parametrize(
    ("mode", "value"), [("I", 70000), ("I", -1), ("F", 1e6), ("F", -0.5), ("F", float("nan"))]
)
def test_deep_values_out_of_range_are_refused(mode: str, value: float) -> None:
    with pytest.raises(ImageError, match="outside 0 to 65535") as caught:
        decode_picture(row(mode, [0, value]), spec(2), "scan.tif")
    assert (caught.value.reason, caught.value.name) == ("range", "scan.tif")
    assert f"mode {mode}" in caught.value.detail
