"""Paths inside the cells of a table: a class and a group may be found in them."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tellapart.data.contents import Contents
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.data.partition import partition
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec


def encoded(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4), level).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return an export whose class and patient stand in its cells' paths alone."""
    cells = [
        {"bytes": encoded(n), "path": f"{'ox' if n % 2 else 'ant'}/patient{n // 4}_{n}.png"}
        for n in range(40)
    ]
    pq.write_table(
        pa.Table.from_pylist([{"image": cell} for cell in cells]), tmp_path / "a.parquet"
    )
    return tmp_path / "a.parquet"


def test_a_class_is_found_in_the_paths_inside_the_cells(export: Path) -> None:
    data = open_dataset(export, layout=Layout(label_from="^[a-z]+"))
    assert data.class_names == ("ant", "ox")
    assert data.train.labels == ["ant", "ox"] * 20
    assert data.train.paths[5] == "ox/patient1_5.png"


def test_a_group_is_found_there_by_layout_and_by_recipe(export: Path) -> None:
    layout = Layout(label_from="^[a-z]+", group_from=r"patient(\d+)")
    data = open_dataset(export, layout=layout)
    assert data.train.groups == tuple(str(n // 4) for n in range(40))
    recipe = load_recipe("guide-holdout", {"data.group_from": r"patient(\d+)"})
    plain = open_dataset(export, layout=Layout(label_from="^[a-z]+"))
    splits = partition(plain, recipe.data, 0).splits
    sides = [set(samples.groups or ()) for samples in splits.values()]
    assert len(set.union(*sides)) == sum(map(len, sides)) == 10


def test_copies_of_one_picture_keep_one_key_whatever_their_paths(tmp_path: Path) -> None:
    cells = [{"bytes": encoded(n // 2), "path": f"{n}.png"} for n in range(8)]
    rows = [{"image": cell, "label": n % 2} for n, cell in enumerate(cells)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    samples = open_dataset(tmp_path / "a.parquet").train
    assert samples.keys[0::2] == samples.keys[1::2]
    assert len(set(samples.keys)) == 4


@pytest.mark.parametrize("column", ["bytes alone", "a struct without paths"])
def test_cells_without_paths_find_nothing_and_that_is_said(tmp_path: Path, column: str) -> None:
    cell = (lambda n: encoded(n)) if column == "bytes alone" else lambda n: {"bytes": encoded(n)}
    rows = [{"image": cell(n)} for n in range(4)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="`label_from` must find a class.*the first is ''"):
        open_dataset(tmp_path / "a.parquet", layout=Layout(label_from="^[a-z]+"))


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ({"bytes": b"x", "path": "a/1.png"}, "a/1.png"),
        ({"bytes": b"x", "path": None}, ""),
        ({"bytes": b"x"}, ""),
        ("a/1.png", "a/1.png"),
        (Path("a/1.png"), "a/1.png"),
        (b"x", ""),
        (np.zeros((2, 2), np.uint8), ""),
        (None, ""),
    ],
)
def test_every_kind_of_cell_names_its_path_or_none(cell: Any, path: str) -> None:
    assert Contents([cell]).path(0) == path


def test_a_data_set_of_hugging_face_shows_its_paths_to_patterns() -> None:
    class Rows:
        def __init__(self) -> None:
            self.column_names, self.features = ("image",), dict[str, Any]()

        def __len__(self) -> int:
            return 4

        def __getitem__(self, key: int | str) -> Any:
            cells = [{"bytes": encoded(n), "path": f"{'ab'[n % 2]}_{n}.png"} for n in range(4)]
            return cells if key == "image" else {"image": cells[int(key)]}

    data: Dataset = open_dataset(Rows(), layout=Layout(image="image", label_from="^[ab]"))
    assert data.train.labels == ["a", "b", "a", "b"]


def test_cells_of_nothing_but_paths_are_pictures_in_files(tmp_path: Path) -> None:
    for name in ("a_0", "b_1", "a_2"):
        (tmp_path / f"{name}.png").write_bytes(encoded(int(name[2])))
    cells = [{"bytes": None, "path": f"{name}.png"} for name in ("a_0", "b_1", "a_2")]
    rows = [{"image": cell} for cell in cells]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "all.parquet")
    data = open_dataset(tmp_path / "all.parquet", layout=Layout(label_from="^[ab]"))
    assert data.train.labels == ["a", "b", "a"]
    assert data.train.decode(ImageSpec(height=4, width=4)).pixels[:, 0, 0, 0].tolist() == [0, 1, 2]
