"""Tables: CSV, TSV, JSON Lines and Parquet become the same data set, or say what is wrong."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tellapart.data.dataset import Dataset
from tellapart.data.digests import find_contents
from tellapart.data.encoded import EncodedImages
from tellapart.data.layout import TABLE_SUFFIXES, Layout
from tellapart.data.sources import open_dataset
from tellapart.data.splits import folds
from tellapart.data.tables import TABLES, from_table
from tellapart.errors import DataError
from tellapart.sections import ImageSpec

SPEC = ImageSpec(height=4, width=4)

ROWS = [
    {"path": "a/1.png", "label": "cat", "patient": "p1", "split": "Train"},
    {"path": "a/2.png", "label": "dog", "patient": "p2", "split": "train"},
    {"path": "b, c/3 [x].png", "label": "cat", "patient": "p3", "split": "val"},
    {"path": "b, c/ä.png", "label": "dog", "patient": "p1", "split": "TEST"},
]


def encoded(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (4, 4), level).save(file, "PNG")
    return file.getvalue()


def put_pictures(root: Path) -> None:
    for level, row in enumerate(ROWS):
        path = root / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(level))


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as the kind of file that the path's ending says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix in (".jsonl", ".ndjson"):
        path.write_text("\n\n".join(json.dumps(row) for row in rows))
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            between = "\t" if path.suffix == ".tsv" else ","
            writer = csv.DictWriter(file, list(rows[0]), delimiter=between)
            writer.writeheader()
            writer.writerows(rows)
    return path


def levels_of(data: Dataset, split: str) -> list[int]:
    return [int(level) for level in data.split(split).decode(SPEC).pixels[:, 0, 0, 0]]


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "ndjson", "parquet"])
def test_every_kind_of_table_gives_the_same_data_set(tmp_path: Path, ending: str) -> None:
    put_pictures(tmp_path)
    path = write(tmp_path / f"pets.{ending}", ROWS)
    data = open_dataset(path, layout=Layout(group="patient"))
    assert (data.name, data.class_names) == ("pets", ("cat", "dog"))
    found = {name: levels_of(data, name) for name in data.splits}
    assert found == {"train": [0, 1], "validation": [2], "test": [3]}
    assert data.train.keys == ["a/1.png", "a/2.png"]
    assert data.test.groups == ("p1",)
    guessed, leak = data.remarks
    assert "image from 'path', label from 'label', split from 'split'." in guessed
    assert leak == "train and test share groups, so the scores flatter: p1."
    assert (data.source, data.layout) == (str(path), Layout(group="patient"))


def test_paths_start_from_the_root_that_is_named(tmp_path: Path) -> None:
    put_pictures(tmp_path / "pictures")
    path = write(tmp_path / "tables" / "pets.csv", ROWS)
    assert levels_of(from_table(path, Layout(root=tmp_path / "pictures")), "train") == [0, 1]
    whole = [{**row, "path": str(tmp_path / "pictures" / row["path"])} for row in ROWS]
    named = from_table(write(path, whole), Layout(root=tmp_path / "pictures"))
    assert named.train.keys == ["a/1.png", "a/2.png"]
    assert levels_of(from_table(path), "test") == [3]


@pytest.mark.parametrize(
    ("head", "layout"),
    [
        ("FileName,Class", None),
        (" file_path ; target ; file ", None),
        ("species,where", Layout(image="where", label="species")),
    ],
)
def test_columns_are_guessed_or_named(tmp_path: Path, head: str, layout: Layout | None) -> None:
    cells = {"file": "1.png", "filename": "1.png", "where": "1.png"}
    between = ";" if ";" in head else ","
    names = [name.strip() for name in head.split(between)]
    rows = [
        between.join(cells.get(name.lower(), label) for name in names) for label in ("cat", "dog")
    ]
    path = tmp_path / "pets.csv"
    path.write_text("\ufeff" + "\r\n".join([head, *rows, ""]), encoding="utf-8")
    data = from_table(path, layout)
    assert data.class_names == ("cat", "dog")
    assert data.train.keys == ["1.png", "1.png"]
    assert any("Guessed" in said for said in data.remarks) == (layout is None)


def test_labels_may_come_from_the_paths_and_numbers_from_class_names(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", [{"path": "cat_1.png"}, {"path": "dog_1.png"}])
    assert from_table(path, Layout(label_from=r"^([a-z]+)_")).class_names == ("cat", "dog")
    rows = [{"path": f"{number}.png", "label": number} for number in (0, 10, 2)]
    for ending in ("csv", "jsonl", "parquet"):
        numbered = write(tmp_path / f"b.{ending}", rows)
        assert from_table(numbered).class_names == ("0", "2", "10")
        names = [f"class {number}" for number in range(11)]
        data = from_table(numbered, class_names=names)
        assert data.class_names == tuple(names)
        assert data.train.targets.tolist() == [0, 10, 2]


def test_rows_without_a_label_are_left_out_and_named(tmp_path: Path) -> None:
    rows = [{"path": f"{n}.png", "label": label} for n, label in enumerate(["a", "b", None, " "])]
    data = from_table(write(tmp_path / "a.jsonl", rows))
    assert len(data.train) == 2
    assert [(Path(entry.file).name, entry.reason) for entry in data.unused] == [
        ("2.png", "no-label"),
        ("3.png", "no-label"),
    ]


def test_a_file_that_is_missing_is_found_out_in_decoding(tmp_path: Path) -> None:
    put_pictures(tmp_path)
    path = write(tmp_path / "a.csv", [*ROWS, {**ROWS[0], "path": "none.png"}])
    [failure] = from_table(path).train.decode(SPEC).failures
    assert (failure.name, failure.reason) == (str(tmp_path / "none.png"), "missing")


@pytest.mark.parametrize("form", ["bytes", "struct"])
def test_parquet_may_hold_the_pictures_themselves(tmp_path: Path, form: str) -> None:
    pictures = [encoded(level) for level in range(4)]
    cells: list[Any] = [
        content if form == "bytes" else {"bytes": content, "path": "x.png"} for content in pictures
    ]
    rows = [{"image": cell, "label": n % 2} for n, cell in enumerate([*cells, cells[0]])]
    data = from_table(write(tmp_path / "a.parquet", rows))
    assert levels_of(data, "train") == [0, 1, 2, 3, 0]
    keys = data.train.keys
    assert keys[0] == keys[4]
    assert len(set(keys)) == 4
    assert data.train.images.content(2) == pictures[2]
    assert data.train.images.name(2) == "a.parquet[2]"
    assert data.train.take(np.array([3, 1])).keys == [keys[3], keys[1]]


def test_an_export_of_hugging_face_brings_its_splits_and_class_names(tmp_path: Path) -> None:
    features = {
        "image": {"_type": "Image"},
        "label": {"names": ["ox", "ant"], "_type": "ClassLabel"},
    }
    record = json.dumps({"info": {"features": features}})
    for name, levels in {
        "train-00000-of-00002": [0, 1],
        "train-00001-of-00002": [2],
        "test-00000-of-00001": [3],
    }.items():
        rows = [{"image": {"bytes": encoded(n), "path": None}, "label": n % 2} for n in levels]
        table = pa.Table.from_pylist(rows).replace_schema_metadata({"huggingface": record})
        (tmp_path / "pets" / "data").mkdir(parents=True, exist_ok=True)
        pq.write_table(table, tmp_path / "pets" / "data" / f"{name}.parquet")
    data = open_dataset(tmp_path / "pets")
    assert (data.name, data.class_names) == ("pets", ("ox", "ant"))
    assert {name: levels_of(data, name) for name in data.splits} == {
        "train": [0, 1, 2],
        "test": [3],
    }
    assert data.train.labels == ["ox", "ant", "ox"]


def test_a_picture_missing_or_damaged_in_parquet_is_a_failure_of_its_own(tmp_path: Path) -> None:
    cells = [encoded(1), None, b"junk", encoded(2)]
    rows = [{"image": cell, "label": n % 2} for n, cell in enumerate(cells)]
    decoded = from_table(write(tmp_path / "a.parquet", rows)).train.decode(SPEC)
    assert decoded.kept.tolist() == [0, 3]
    assert [(error.name, error.reason) for error in decoded.failures] == [
        ("a.parquet[1]", "missing"),
        ("a.parquet[2]", "unknown-format"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", "", r"a\.csv must begin with a line of names.*Received: nothing"),
        ("a.csv", "path,label,path\n", "each once. Received: path, label, path"),
        ("a.csv", "path,label\n1.png\n", r"must have 2 cells. Received: 1 in line 2"),
        ("a.csv", "path,label\n1,2.png,cat\n", "Received: 3 in line 2. Fix: put cells"),
        ("a.csv", 'path,label\n"1.png,cat\n', r"Cannot read .*a\.csv as a table"),
        ("a.csv", "path,label\n", "must have a row for each picture. Received: no row"),
        ("a.csv", "name,kind\n1,2\n", "must have a column image or path.*Received: name, kind"),
        ("a.csv", "path,kind\n1,2\n", r"column label or class.*Fix: name it.*Layout\(label="),
        ("a.csv", "path,label,split\n1,a,train\n2,b,other\n", "one of train.*Received: 'other'"),
        ("a.csv", "path,label,split\n1,a,test\n2,b,test\n", "must be a train split.*test"),
        ("a.csv", "path,label,split\n1,a,train\n2,b,train\n3,c,val\n", "validation.*no class: c"),
        ("a.csv", b"path,label\n\xff.png,cat\n", "must be text in UTF-8"),
        ("a.jsonl", '{"path": "1.png"}\n[1]\n', r"Line 2 of .*a\.jsonl must be a JSON object"),
        ("a.jsonl", '{"path": \n', r"Line 1 of .*a\.jsonl must be JSON"),
        ("a.jsonl", '{"path": 3, "label": "a"}', "path or the bytes.*Received: 3 in row 1"),
        ("a.jsonl", '{"path": "1", "label": ["a"]}', r"text or numbers. Received: \['a'\] in row"),
        ("a.parquet", "junk", r"Cannot read .*a\.parquet as Parquet"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, name: str, content: str | bytes, what: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=what) as caught:
        from_table(path)
    assert caught.value.exit_code == 3


def test_a_column_that_is_named_and_missing_is_answered_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ROWS)
    with pytest.raises(DataError, match="no column 'pation'. Did you mean 'patient'"):
        from_table(path, Layout(group="pation"))


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=200), st.sampled_from(["csv", "tsv", "jsonl", "parquet"]))
def test_any_bytes_are_a_data_set_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"a.{ending}"
    head = b"" if ending in ("jsonl", "parquet") else b"path\tlabel\n"
    path.write_bytes(head + content)
    try:
        data = from_table(path)
    except DataError:
        return
    assert len(data.train) >= 2


def test_the_endings_that_need_no_reader_are_those_that_have_one() -> None:
    assert tuple(TABLES) == TABLE_SUFFIXES


def test_class_numbers_of_an_export_are_positions_even_where_the_names_are_digits(
    tmp_path: Path,
) -> None:
    rows = [{"image": encoded(level), "label": level} for level in range(3)]
    feature = {"_type": "ClassLabel", "names": ["1", "2", "3"]}
    record = json.dumps({"info": {"features": {"label": feature}}})
    table = pa.Table.from_pylist(rows).replace_schema_metadata({"huggingface": record})
    pq.write_table(table, tmp_path / "a.parquet")
    assert open_dataset(tmp_path / "a.parquet").train.labels == ["1", "2", "3"]


def test_a_pattern_for_labels_goes_before_the_classes_of_an_export(tmp_path: Path) -> None:
    cells = [{"bytes": encoded(n), "path": f"{'ab'[n % 2]}_{n}.png"} for n in range(4)]
    rows = [{"image": cell, "label": n // 2} for n, cell in enumerate(cells)]
    feature = {"_type": "ClassLabel", "names": ["ox", "ant"]}
    record = json.dumps({"info": {"features": {"label": feature}}})
    table = pa.Table.from_pylist(rows).replace_schema_metadata({"huggingface": record})
    pq.write_table(table, tmp_path / "a.parquet")
    for source in (tmp_path / "a.parquet", tmp_path):
        data = open_dataset(source, layout=Layout(label_from="^[ab]"))
        assert data.train.labels == ["a", "b", "a", "b"]


def test_numbers_in_a_table_are_positions_in_the_given_names_or_names(tmp_path: Path) -> None:
    names = ["1", "2", "3"]
    for labels, expected in (("012", names), ("123", names), ("113", ["1", "1", "3"])):
        rows = [{"path": f"{n}.png", "label": int(label)} for n, label in enumerate(labels)]
        path = write(tmp_path / "a.jsonl", rows)
        assert open_dataset(path, class_names=names).train.labels == expected


def test_a_number_that_is_no_class_of_the_training_pictures_is_named(tmp_path: Path) -> None:
    rows = [("1.png", "cat", "train"), ("2.png", "dog", "train"), ("3.png", "1", "test")]
    names = ("path", "label", "split")
    path = write(tmp_path / "a.csv", [dict(zip(names, row, strict=True)) for row in rows])
    with pytest.raises(DataError, match=r"test split has labels that are no class: 1\."):
        open_dataset(path)


def test_absolute_paths_have_the_same_keys_however_the_table_is_opened(
    in_tmp: Path,
) -> None:
    real = (in_tmp / "real" / "pets").resolve()
    put_pictures(real)
    (in_tmp / "link").symlink_to(real.parent)
    through_link = in_tmp / "link" / "pets"
    cells = (real, through_link, real / ".." / "pets")
    for start in cells:
        rows = [row | {"path": str(start / row["path"])} for row in ROWS]
        write(real / "pets.csv", rows)
        for root in (
            real,
            through_link,
            Path("real/pets"),
            Path("link/pets"),
            Path("link/../real/pets"),
        ):
            data = open_dataset(root / "pets.csv")
            assert data.train.keys == ["a/1.png", "a/2.png"], (start, root)
            assert levels_of(data, "test") == [3]


def test_paths_that_lie_elsewhere_stay_as_they_are(tmp_path: Path) -> None:
    put_pictures(tmp_path / "pictures")
    rows = [row | {"path": f"{tmp_path}/a/../pictures/{row['path']}"} for row in ROWS]
    (tmp_path / "a").mkdir()
    data = open_dataset(write(tmp_path / "tables" / "pets.csv", rows))
    assert data.train.keys == [row["path"] for row in rows[:2]]
    assert levels_of(data, "train") == [0, 1]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_what_is_not_a_number_is_no_label_and_no_group(tmp_path: Path, ending: str) -> None:
    put_pictures(tmp_path)
    nan = float("nan")
    labels, groups = (0.0, 1.0, nan, 1.0), (nan, 7.0, 7.0, nan)
    rows = [
        {"path": row["path"], "label": label, "group": group}
        for row, label, group in zip(ROWS, labels, groups, strict=True)
    ]
    data = open_dataset(write(tmp_path / f"a.{ending}", rows))
    assert data.train.labels == ["0", "1", "1"]
    assert data.train.groups == ("", "7", "")
    assert [entry.reason for entry in data.unused] == ["no-label"]


def test_a_picture_that_several_rows_name_is_remarked_with_its_labels(tmp_path: Path) -> None:
    cells = ("1.png,cat", "2.png,dog", "1.png,dog", "3.png,cat", "3.png,cat", "4.png,")
    (tmp_path / "a.csv").write_text("\n".join(("path,label", *cells, "4.png,")))
    said = open_dataset(tmp_path / "a.csv").remarks
    assert "Pictures that several rows name: 2; with labels that differ: 1.png (cat, dog)." in said
    (tmp_path / "b.csv").write_text("\n".join(("path,label", *cells[:2], "1.png,cat")))
    assert "Pictures that several rows name: 1." in open_dataset(tmp_path / "b.csv").remarks


def test_files_beside_those_of_an_export_are_accounted_for(tmp_path: Path) -> None:
    rows = [{"image": encoded(level), "label": level} for level in range(2)]
    write(tmp_path / "train.parquet", rows)
    (tmp_path / "README.md").write_text("pets")
    data = open_dataset(tmp_path)
    assert [entry.file for entry in data.unused] == [str(tmp_path / "README.md")]
    assert "Left alone: .md: 1." in data.remarks


@pytest.mark.parametrize("bad", ["a/\0.png", "\0/a.png", "a/\ud800.png", "\ud800/a.png"])
@pytest.mark.parametrize("start", ["", "{here}/", "/elsewhere/../", "../"])
def test_a_path_that_no_system_takes_is_an_unreadable_picture(
    tmp_path: Path, bad: str, start: str
) -> None:
    put_pictures(tmp_path)
    rows = [{"path": row["path"], "label": row["label"]} for row in ROWS]
    rows.append({"path": start.format(here=tmp_path) + bad, "label": "cat"})
    data = open_dataset(write(tmp_path / "a.jsonl", rows))
    decoded = data.train.decode(SPEC)
    assert decoded.kept.tolist() == [0, 1, 2, 3]
    assert [error.reason for error in decoded.failures] == ["unreadable"]
    images = data.train.images
    assert isinstance(images, EncodedImages)
    assert images.stamp(4) is None
    assert sum(map(len, folds(data.train, 2, 1))) == 5
    contents = find_contents(images, tmp_path / "memory")
    assert len(contents.digests) == 5


def test_a_labels_file_may_name_what_no_system_takes(tmp_path: Path) -> None:
    put_pictures(tmp_path)
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(encoded(1))
    rows = [{"path": name, "label": name[0]} for name in ("1.png", "2.png", "\0/3.png")]
    write(tmp_path / "labels.jsonl", rows)
    assert len(open_dataset(tmp_path).train) == 3


def test_columns_of_one_name_are_refused_by_it(tmp_path: Path) -> None:
    cells = [pa.array([encoded(1), encoded(2)]), pa.array([0, 1]), pa.array([1, 0])]
    pq.write_table(pa.table(cells, ["image", "label", "label"]), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="name of its own. Received: more than one label"):
        open_dataset(tmp_path / "a.parquet")
