"""What pictures may be given as, and which files a word stands for."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.data.layout import Layout
from tellapart.errors import DataError, ImageError, UsageError
from tellapart.predict.inputs import expand_paths, is_single, items_of
from tellapart.sections import ImageSpec

SPEC = ImageSpec()
PIXELS = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)


def _png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("shape", "single"),
    [
        ((28, 28), True),
        ((28, 28, 1), True),
        ((40, 30, 3), True),
        ((5, 28, 28), False),
        ((3, 28, 28), False),
        ((5, 28, 28, 1), False),
        ((5, 28, 28, 3), False),
    ],
    ids=str,
)
def test_an_arrays_shape_tells_one_picture_from_several(
    shape: tuple[int, ...], single: bool
) -> None:
    assert is_single(np.zeros(shape, np.uint8), SPEC) is single


def test_a_number_is_no_picture() -> None:
    with pytest.raises(UsageError, match="a path, bytes, a PIL image, an array.*Received: int"):
        is_single(3, SPEC)


def test_every_way_to_give_a_picture_gives_the_same_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(_png())
    given = [
        path,
        str(path),
        _png(),
        bytearray(_png()),
        Image.open(path),
        PIXELS,
        PIXELS[..., None],
    ]
    for item in items_of(given, SPEC):
        np.testing.assert_array_equal(item.pixels(SPEC)[:, :, 0], PIXELS)


def test_a_folder_stands_for_all_pictures_in_it_and_below(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.PNG", "deep/a.jpg", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(_png())
    names = [Path(item.name).name for item in expand_paths([str(tmp_path)])]
    assert names == ["b.PNG", "a.jpg"]


def test_a_pattern_stands_for_the_files_it_matches_in_order(tmp_path: Path) -> None:
    for name in ("2.png", "1.png", "x.jpg"):
        (tmp_path / name).write_bytes(_png())
    names = [Path(item.name).name for item in expand_paths([f"{tmp_path}/*.png"])]
    assert names == ["1.png", "2.png"]


def test_a_file_with_brackets_in_its_name_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "a[1].png"
    path.write_bytes(_png())
    [item] = expand_paths([str(path)])
    np.testing.assert_array_equal(item.pixels(SPEC)[:, :, 0], PIXELS)


def test_a_dash_stands_for_standard_input() -> None:
    [item] = expand_paths(["-"], _png())
    np.testing.assert_array_equal(item.pixels(SPEC)[:, :, 0], PIXELS)


def test_a_table_stands_for_its_pictures_and_needs_no_labels(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "1.png").write_bytes(_png())
    (tmp_path / "list.csv").write_text("where\n1.png\n2.png\n", "utf-8")
    layout = Layout(image="where", root=tmp_path / "deep")
    there, missing = expand_paths([str(tmp_path / "list.csv")], layout=layout)
    np.testing.assert_array_equal(there.pixels(SPEC)[:, :, 0], PIXELS)
    assert there.name == str(tmp_path / "deep" / "1.png")
    with pytest.raises(ImageError, match="2.png.*missing"):
        missing.pixels(SPEC)


def test_a_table_without_a_column_for_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("where\n1.png\n", "utf-8")
    with pytest.raises(DataError, match="must have a column image or path"):
        expand_paths([str(tmp_path / "list.csv")])
