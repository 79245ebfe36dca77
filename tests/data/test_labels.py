"""Flat folders: classes from the pictures' names, or from a table beside them."""

from pathlib import Path

import pytest
from PIL import Image

from tellapart.data.layout import Layout
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError, UsageError


def put(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4)).save(root / name)
    return root


def test_classes_are_found_in_the_names_at_any_depth(tmp_path: Path) -> None:
    put(tmp_path, "cat_1.png", "dog_1.png", "more/cat_2.png", "nothing.png")
    data = open_dataset(tmp_path, layout=Layout(label_from=r"([a-z]+)_\d"))
    assert data.train.labels == ["cat", "dog", "cat"]
    assert data.train.keys == ["cat_1.png", "dog_1.png", "more/cat_2.png"]
    assert [entry.file for entry in data.unused] == [str(tmp_path / "nothing.png")]
    assert "finds nothing: 1." in data.remarks[-1]
    assert data.source == str(tmp_path)
    assert data.layout == Layout(label_from=r"([a-z]+)_\d")


@pytest.mark.parametrize(
    ("pattern", "error", "what"),
    [
        ("fox", DataError, "must find a class.*'fox', which finds nothing.*first is 'cat_1.png'"),
        ("(", UsageError, "`label_from` must be a regular expression"),
        ("png", DataError, "at least two classes. Received: png"),
    ],
)
def test_a_pattern_that_does_not_tell_classes_apart_is_refused(
    tmp_path: Path, pattern: str, error: type[Exception], what: str
) -> None:
    put(tmp_path, "cat_1.png", "dog_1.png")
    with pytest.raises(error, match=what):
        open_dataset(tmp_path, layout=Layout(label_from=pattern))


@pytest.mark.parametrize("name", ["labels.csv", "whatever.tsv"])
def test_a_table_beside_the_pictures_of_a_flat_folder_names_them(tmp_path: Path, name: str) -> None:
    root = put(tmp_path / "pets", "1.png", "2.png", "3.png", "sub/4.png")
    between = "\t" if name.endswith("tsv") else ","
    rows = [("file", "class"), ("1.png", "cat"), ("2.png", "dog"), ("sub/4.png", "cat")]
    (root / name).write_text("\n".join(between.join(row) for row in rows))
    (root / ".DS_Store").write_bytes(b"")
    data = open_dataset(root)
    assert data.train.labels == ["cat", "dog", "cat"]
    assert (data.name, data.source) == ("pets", str(root))
    assert {Path(entry.file).name: entry.reason for entry in data.unused} == {
        "3.png": "no-label",
        name: "labels-file",
        ".DS_Store": "system-file",
    }


def test_files_that_the_table_names_count_once_whatever_their_ending(tmp_path: Path) -> None:
    put(tmp_path, "1.png", "2.png")
    (tmp_path / "1.png").rename(tmp_path / "first")
    (tmp_path / "labels.csv").write_text("file,label\nfirst,cat\n2.png,dog\n")
    data = open_dataset(tmp_path)
    assert data.train.keys == ["first", "2.png"]
    assert [entry.reason for entry in data.unused] == ["labels-file"]


@pytest.mark.parametrize("start", ["{here}/flat/", "../flat/", "{here}/link/flat/"])
@pytest.mark.parametrize("root", ["flat", "{here}/flat", "link/flat"])
def test_files_that_the_table_names_count_once_however_it_spells_them(
    in_tmp: Path, start: str, root: str
) -> None:
    put(in_tmp / "flat", "1.png", "2.png", "3.png")
    (in_tmp / "link").symlink_to(in_tmp)
    begin = start.format(here=in_tmp)
    rows = ("file,label", f"{begin}1.png,cat", f"{begin}2.png,dog")
    (in_tmp / "flat" / "labels.csv").write_text("\n".join(rows))
    data = open_dataset(root.format(here=in_tmp))
    assert data.train.labels == ["cat", "dog"]
    assert {Path(entry.file).name: entry.reason for entry in data.unused} == {
        "labels.csv": "labels-file",
        "3.png": "no-label",
    }


def test_a_folder_is_read_the_same_when_it_is_opened_from_within(in_tmp: Path) -> None:
    put(in_tmp, "1.png", "2.png", "3.png")
    (in_tmp / "labels.csv").write_text("file,label\n1.png,cat\n2.png,dog\n")
    data = open_dataset(".")
    assert (data.name, data.source) == (in_tmp.name, str(in_tmp))
    assert {entry.file: entry.reason for entry in data.unused} == {
        "labels.csv": "labels-file",
        "3.png": "no-label",
    }


def test_several_tables_beside_the_pictures_are_refused_by_name(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("file,label\n")
    with pytest.raises(DataError, match=r"Received: a\.csv, b\.csv in .*Fix: open one of them"):
        open_dataset(tmp_path)


def test_a_flat_folder_without_labels_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    with pytest.raises(DataError, match="must hold one folder a class.*class folders: 0"):
        open_dataset(tmp_path)
