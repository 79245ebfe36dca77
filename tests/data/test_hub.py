"""Data sets of Hugging Face's form, real ones where they are installed, and pairs."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError, UsageError
from tellapart.sections import ImageSpec

SPEC = ImageSpec(height=4, width=4)


def picture(level: int, mode: str = "L") -> Image.Image:
    return Image.new("L", (4, 4), level).convert(mode)


def encoded(level: int) -> bytes:
    file = io.BytesIO()
    picture(level).save(file, "PNG")
    return file.getvalue()


def levels_of(data: Dataset, split: str = "train") -> list[int]:
    return [int(level) for level in data.split(split).decode(SPEC).pixels[:, 0, 0, 0]]


@dataclass
class ClassLabel:
    """Has the form of the feature of this name."""

    names: list[str]


class Rows:
    """Has the form of `datasets.Dataset`: rows by number, columns by name."""

    def __init__(self, columns: dict[str, list[Any]], names: list[str] | None = None) -> None:
        self._columns = columns
        self.column_names = list(columns)
        self.features: dict[str, Any] = dict.fromkeys(columns)
        if names:
            self.features["label"] = ClassLabel(names)

    def __len__(self) -> int:
        return len(self._columns[self.column_names[0]])

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, str):
            return self._columns[key]
        return {name: column[key] for name, column in self._columns.items()}


def rows_of(levels: list[int], kind: str = "bytes") -> Rows:
    made: dict[str, Any] = {
        "bytes": lambda level: {"bytes": encoded(level), "path": None},
        "Pillow": picture,
        "arrays": lambda level: np.full((4, 4), level, np.uint8),
    }
    columns = {
        "image": [made[kind](level) for level in levels],
        "label": [level % 2 for level in levels],
        "who": [f"p{level // 2}" for level in levels],
    }
    return Rows(columns, ["ox", "ant"])


@pytest.mark.parametrize("kind", ["bytes", "Pillow", "arrays"])
def test_an_object_of_that_form_gives_pictures_and_class_names(kind: str) -> None:
    data = open_dataset(rows_of([0, 1, 2, 3], kind), layout=Layout(group="who"))
    assert data.class_names == ("ox", "ant")
    assert data.train.labels == ["ox", "ant", "ox", "ant"]
    assert levels_of(data) == [0, 1, 2, 3]
    assert data.train.groups == ("p0", "p0", "p1", "p1")
    assert data.source is None


def test_a_mapping_of_them_is_taken_by_split() -> None:
    parts = {"train": rows_of([0, 1, 2]), "validation": rows_of([4, 5]), "test": rows_of([7])}
    data = open_dataset(parts)
    assert {name: levels_of(data, name) for name in data.splits} == {
        "train": [0, 1, 2],
        "validation": [4, 5],
        "test": [7],
    }
    with pytest.raises(DataError, match="one of train.*Received: 'unsupervised'"):
        open_dataset({"train": rows_of([0, 1]), "unsupervised": rows_of([2])})


def test_class_numbers_are_positions_even_where_the_names_are_digits() -> None:
    columns: dict[str, list[Any]] = {"image": [encoded(n) for n in range(4)], "label": [0, 1, 2, 3]}
    data = open_dataset(Rows(columns, ["1", "10", "2", "3"]))
    assert data.train.labels == ["1", "10", "2", "3"]
    columns["label"] = [0, 1, 2, 10]
    with pytest.raises(DataError, match=r"labels that are no class: 10\."):
        open_dataset(Rows(columns, ["1", "10", "2", "3"]))


def test_a_pattern_for_labels_goes_before_the_class_column() -> None:
    cells = [{"bytes": encoded(n), "path": f"{'ab'[n % 2]}_{n}.png"} for n in range(4)]
    rows = Rows({"image": cells, "label": [0, 0, 1, 1]}, ["ox", "ant"])
    layout = Layout(label_from="^[ab]", image="image")
    assert open_dataset(rows, layout=layout).train.labels == ["a", "b", "a", "b"]
    both = open_dataset({"train": rows, "test": rows}, layout=layout)
    assert both.class_names == ("a", "b")
    assert both.test.labels == ["a", "b", "a", "b"]


def test_paths_in_an_object_start_from_the_root(tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / f"{n}.png").write_bytes(encoded(n))
    rows = Rows({"image": ["0.png", "1.png"], "label": [0, 1]}, ["ox", "ant"])
    assert levels_of(open_dataset(rows, layout=Layout(root=tmp_path))) == [0, 1]


def test_a_split_column_of_a_mapping_by_split_is_refused() -> None:
    with pytest.raises(UsageError, match="split='part' for a mapping by split"):
        open_dataset({"train": rows_of([0, 1])}, layout=Layout(split="part"))


def test_an_object_without_labels_is_refused_with_its_columns() -> None:
    with pytest.raises(DataError, match="column label or class.*Received: image, kind"):
        open_dataset(Rows({"image": [encoded(1)], "kind": [0]}))


def test_real_data_sets_of_hugging_face_are_read_without_decoding() -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"img": datasets.Image(), "fine": datasets.ClassLabel(names=["ox", "ant"])}
    )
    parts = {
        name: datasets.Dataset.from_dict(
            {"img": [picture(level) for level in levels], "fine": [n % 2 for n in levels]}, features
        )
        for name, levels in {"train": [0, 1, 2, 3], "test": [4, 5]}.items()
    }
    data = open_dataset(datasets.DatasetDict(parts))
    assert data.class_names == ("ox", "ant")
    assert (levels_of(data), levels_of(data, "test")) == ([0, 1, 2, 3], [4, 5])
    assert isinstance(data.train.images.content(0), bytes)
    one = open_dataset(parts["train"].shuffle(seed=1))
    assert sorted(levels_of(one)) == [0, 1, 2, 3]
    assert [level % 2 for level in levels_of(one)] == one.train.targets.tolist()


def test_pairs_of_any_kind_of_picture_make_a_data_set(tmp_path: Path) -> None:
    path = tmp_path / "3.png"
    path.write_bytes(encoded(3))

    def pairs() -> Iterator[tuple[Any, str]]:
        yield np.full((4, 4), 0, np.uint8), "cat"
        yield encoded(1), "dog"
        yield picture(2), "cat"
        yield path, "dog"
        yield str(path), "cat"
        yield np.full((2, 6, 3), 9, np.uint8), "dog"

    data = open_dataset(pairs())
    assert data.train.labels == ["cat", "dog"] * 3
    assert levels_of(data)[:5] == [0, 1, 2, 3, 3]
    keys = data.train.keys
    assert keys[3] == keys[4]
    assert len(set(keys)) == 5


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "I;16", "F", "LAB"])
def test_a_pillow_picture_keeps_its_pixels_whatever_its_mode(mode: str) -> None:
    level = 200 if mode != "1" else 255
    original = Image.new("L", (4, 4), level)
    if mode == "I;16":
        shown = Image.fromarray(np.full((4, 4), level * 257, np.uint16))
    elif mode == "LAB":
        shown = Image.new("LAB", (4, 4), (200, 128, 128))
    else:
        shown = original.convert(mode)
    data = open_dataset([(shown, "a"), (shown.copy(), "b"), (encoded(1), "a")])
    decoded = data.train.decode(SPEC)
    assert not decoded.failures
    assert np.abs(decoded.pixels[:2].astype(int) - level).max() <= 8


def test_a_pillow_picture_keeps_its_orientation() -> None:
    file = io.BytesIO()
    sideways = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways.save(file, "PNG", exif=exif)
    with Image.open(io.BytesIO(file.getvalue())) as opened:
        data = open_dataset([(opened, "a"), (file.getvalue(), "b"), (encoded(1), "a")])
    pixels = data.train.decode(SPEC).pixels
    assert np.array_equal(pixels[0], pixels[1])
    assert not np.array_equal(pixels[0, :, :, 0], np.asarray(sideways))


def test_an_opened_jpeg_among_pairs_gives_the_pixels_of_its_file(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    path = tmp_path / "a.jpg"
    Image.fromarray(noise).save(path, quality=80)
    with Image.open(path) as opened, Image.open(io.BytesIO(path.read_bytes())) as in_memory:
        pairs = [(opened, "a"), (in_memory, "b"), (path, "a"), (path.read_bytes(), "b")]
        data = open_dataset(pairs)
    pixels = data.train.decode(SPEC).pixels
    assert all(np.array_equal(pixels[0], other) for other in pixels[1:])
    assert len(set(data.train.keys)) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_damaged_opened_picture_among_pairs_is_skipped_by_its_position(kind: str) -> None:
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (90, 120), np.uint8)
    Image.fromarray(noise).save(file, kind)
    damaged = Image.open(io.BytesIO(file.getvalue()[:2000]))
    closed = Image.open(io.BytesIO(file.getvalue()))
    closed.close()
    pairs = [(encoded(1), "a"), (damaged, "b"), (encoded(2), "b"), (closed, "a")]
    data = open_dataset(pairs)
    decoded = data.train.decode(SPEC)
    assert decoded.kept.tolist() == [0, 2]
    assert [error.name for error in decoded.failures] == ["pairs[1]", "pairs[3]"]
    assert len(set(data.train.keys)) == 4


def test_pairs_of_paths_are_files_and_arrays_of_one_shape_are_an_array(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for level in (1, 2, 3):
        (tmp_path / f"{level}.png").write_bytes(encoded(level))
    files = open_dataset([(tmp_path / f"{level}.png", level % 2) for level in (1, 2, 3)])
    assert files.train.keys[0] == (tmp_path / "1.png").as_posix()
    monkeypatch.chdir(tmp_path)
    again = open_dataset([(tmp_path / f"{level}.png", level % 2) for level in (1, 2, 3)])
    assert again.train.keys == files.train.keys
    assert (files.class_names, levels_of(files)) == (("0", "1"), [1, 2, 3])
    arrays = open_dataset((np.full((4, 4), n, np.uint8), n % 2) for n in range(3))
    assert arrays.shape == (4, 4, 1)
    assert arrays.train.targets.tolist() == [0, 1, 0]


def test_numbers_of_any_type_are_class_numbers() -> None:
    pairs = [(encoded(n), np.int64(n % 2)) for n in range(3)]
    assert open_dataset(pairs, class_names=["ox", "ant"]).train.labels == ["ox", "ant", "ox"]


def test_a_label_that_is_not_a_number_is_none() -> None:
    labels = (0.0, float("nan"), np.float32("nan"), 1.0)
    data = open_dataset([(encoded(n), label) for n, label in enumerate(labels)])
    assert data.train.labels == ["0", "1"]
    assert len(data.unused) == 2


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        (
            [(encoded(1), "a"), encoded(2), (encoded(3), "b")],
            r"pair \(image, label\).*bytes at position 1",
        ),
        ([(encoded(1), "a"), (3, "b"), (4, "b")], "Received: tuple at position 1"),
        ([(encoded(1), "a")] * 2 + [(encoded(1), None)], "at least two classes"),
        ([(encoded(1), "a")] * 2 + [(encoded(1), ["b"])], r"text or numbers. Received: \['b'\]"),
        (iter([]), "pair"),
    ],
)
def test_what_is_no_pair_is_refused_by_its_position(pairs: Any, what: str) -> None:
    with pytest.raises(DataError, match=what):
        open_dataset(pairs)
