"""What pictures may be given as, and which files a word stands for."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet as pq

from tellapart.data.layout import Layout
from tellapart.data.streams import plain_name
from tellapart.errors import DataError, ImageError, UsageError
from tellapart.predict.inputs import Inputs, expand_paths, is_single, items_of
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


@pytest.mark.usefixtures("in_tmp")
def test_the_rows_of_a_table_are_called_by_its_folder_and_its_paths() -> None:
    Path("list").mkdir()
    whole = Path("list/2.png").resolve()
    Path("list/t.csv").write_text(f"path\nb/../1.png\n{whole}\n", "utf-8")
    names = [item.name for item in expand_paths(["list/t.csv"])]
    assert names == ["list/b/../1.png", str(whole)]


def test_a_table_without_a_column_for_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("where\n1.png\n", "utf-8")
    with pytest.raises(DataError, match="must have a column image or path"):
        expand_paths([str(tmp_path / "list.csv")])


@pytest.mark.usefixtures("in_tmp")
def test_a_pattern_may_match_folders_tables_and_archives_too() -> None:
    Path("all/b").mkdir(parents=True)
    for name in ("all/a.png", "all/b/1.png", "all/d.png"):
        Path(name).write_bytes(_png())
    Path("all/c.csv").write_text("image\nd.png\n", "utf-8")
    with zipfile.ZipFile("all/e.zip", "w") as archive:
        archive.writestr("2.png", _png())
    given = Inputs(["all/*"])
    names = ["all/a.png", "all/b/1.png", "all/d.png", "all/d.png", "all/e.zip/2.png"]
    assert [item.name for item in given.stream()] == names
    assert given.total == 5
    for item in given.stream():
        np.testing.assert_array_equal(item.pixels(SPEC)[:, :, 0], PIXELS)
        assert item.shown(SPEC).size == (28, 28)


@pytest.mark.usefixtures("in_tmp")
def test_a_folder_without_pictures_stands_for_its_parquet_files() -> None:
    Path("rows").mkdir()
    for name in ("b", "a"):
        pq.write_table(pa.table({"image": [_png()] * 2}), f"rows/{name}.parquet")
    Path("rows/notes.txt").write_text("none", "utf-8")
    given = Inputs(["rows"])
    names = [f"rows/{name}.parquet[{row}]" for name in "ab" for row in range(2)]
    assert [item.name for item in given.stream()] == names
    assert given.left_alone == 1


@pytest.mark.usefixtures("in_tmp")
def test_a_stream_may_begin_anywhere_and_the_names_stay() -> None:
    Path("some").mkdir()
    for name in ("some/1.png", "some/2.png", "3.png"):
        Path(name).write_bytes(_png())
    given = Inputs(["some", "3.png", "nowhere.png"])
    whole = [item.name for item in given.stream()]
    assert whole == ["some/1.png", "some/2.png", "3.png", "nowhere.png"]
    for start in range(5):
        assert [item.name for item in given.stream(start)] == whole


def test_names_that_are_no_text_can_be_written() -> None:
    for name in ("a\udcff.png", "a\ud800.png", "ä.png"):
        assert plain_name(name).encode()
