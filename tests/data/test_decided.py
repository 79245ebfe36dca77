"""Tables of corrections as data sets: what was decided is trained on, and nothing else."""

from pathlib import Path

import pytest
from PIL import Image

import tellapart
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.errors import DataError

ROWS = ["a.png,cat,dog,keep", "b.png,cat,dog, Relabel", "c.png,cat,dog,drop", "d.png,cat,dog,"]


def _load(folder: Path, rows: list[str], layout: Layout | None = None) -> Dataset:
    for name in "abcd":
        Image.new("L", (4, 4), ord(name)).save(folder / f"{name}.png")
    table = folder / "labels.patch.csv"
    table.write_text("\n".join(["image,given,label,decision", *rows]), "utf-8")
    return tellapart.load(table, layout=layout, quiet=True)


def test_kept_and_relabelled_pictures_have_the_decided_class_and_others_are_left_out(
    tmp_path: Path,
) -> None:
    train = _load(tmp_path, ROWS).train
    assert dict(zip(train.keys, train.labels, strict=True)) == {"a.png": "cat", "b.png": "dog"}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    said = " ".join(_load(tmp_path, ROWS).remarks)
    assert "2 pictures have a class, 1 are dropped, and 1 are not decided and left out" in said


@pytest.mark.parametrize("rows", [["a.png,cat,dog,", "b.png,cat,dog,drop"]])
def test_a_table_in_which_nothing_is_decided_is_refused(tmp_path: Path, rows: list[str]) -> None:
    with pytest.raises(DataError, match=r"(?s)labels\.patch\.csv must say .* Fix: .*`keep`"):
        _load(tmp_path, rows)


@pytest.mark.parametrize(
    ("row", "said"), [("b.png,cat,dog,yes", "'yes'"), ("b.png,cat,,relabel", "no label")]
)
def test_a_decision_that_says_nothing_sensible_is_an_error_of_its_row(
    tmp_path: Path, row: str, said: str
) -> None:
    with pytest.raises(DataError, match=f"Row 2 of labels.patch.csv .*{said}"):
        _load(tmp_path, ["a.png,cat,dog,keep", row])


def test_a_column_that_was_named_goes_before_the_decisions(tmp_path: Path) -> None:
    rows = ["a.png,cat,dog,", "b.png,dog,cat,drop"]
    assert _load(tmp_path, rows, Layout(label="given")).train.labels == ["cat", "dog"]
