"""Scoring and asking on one's own data, read as training reads them."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.data.cache import usual_cache
from tellapart.data.cache_files import entries_of
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.evaluate.record import Evaluation
from tellapart.sections import ImageSpec
from tellapart.workflow.runs import Run


@pytest.fixture
def desk(slice_of_fashion: Dataset, in_tmp: Path) -> Path:
    """Work beside 60 real test pictures as files, with tables and a flat folder of them."""
    test = slice_of_fashion.test
    rows = []
    for index, picture in enumerate(test.decode(ImageSpec()).pixels[:60]):
        label = test.labels[index]
        name = f"{index:02}_{label.replace('/', '-')}.png"
        rows.append({"where": name, "what": label, "who": f"p{index // 3}"})
        for home in ("pictures", "flat"):
            (in_tmp / home).mkdir(exist_ok=True)
            Image.fromarray(picture[:, :, 0]).save(in_tmp / home / name)
    with (in_tmp / "list.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ["where", "what", "who"])
        table.writeheader()
        table.writerows(rows)
    cells = [(in_tmp / "pictures" / row["where"]).read_bytes() for row in rows]
    export = [{"shown": cell, "what": row["what"]} for cell, row in zip(cells, rows, strict=True)]
    pq.write_table(pa.Table.from_pylist(export), in_tmp / "export.parquet")
    return in_tmp


def expected(run: Run, slice_of_fashion: Dataset) -> Evaluation:
    part = slice_of_fashion.test.take(np.arange(60))
    return tellapart.evaluate(run.model, part, quiet=True)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    "words",
    [
        ["list.csv", "--root", "pictures", "--column", "image=where", "--column", "label=what"],
        ["export.parquet", "--column", "image=shown", "--column", "label=what"],
    ],
)
def test_a_table_is_scored_by_the_columns_that_are_named(
    words: list[str], run: Run, slice_of_fashion: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", f"{run.path}/model.tellapart", *words, "--json", "-q"]) == 0
    found = Evaluation.model_validate(json.loads(capsys.readouterr().out))
    wanted = expected(run, slice_of_fashion)
    assert found.split == "all"
    assert sum(map(sum, found.confusion)) == 60
    assert found.accuracy == wanted.accuracy
    assert found.confusion == wanted.confusion


@pytest.mark.usefixtures("desk")
def test_a_flat_folder_is_scored_by_the_pattern_on_its_names(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", f"{run.path}/model.tellapart", "flat", "--label-from", "_(Bag|Coat|Dress)"]
    assert main([*words, "--group", r"^(\d)", "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {score["name"]: score["support"] for score in found["classes"]}
    names = [path.name for path in Path("flat").iterdir()]
    assert rows["Bag"] == sum("Bag" in name for name in names) > 0
    assert found["samples"] == sum(rows[name] for name in ("Bag", "Coat", "Dress"))


def test_every_skipped_file_is_in_the_record_and_strict_refuses_it(
    desk: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = sorted((desk / "pictures").iterdir())[:12]
    for path in broken:
        path.write_bytes(b"no picture")
    layout = Layout(image="where", label="what", root=desk / "pictures")
    found = tellapart.evaluate(run, desk / "list.csv", layout=layout)
    assert [skipped.file for skipped in found.skipped] == [str(path) for path in broken]
    assert {skipped.reason for skipped in found.skipped} == {"unknown-format"}
    assert found.samples == 48
    assert found.note == "Pictures that could not be read: 12."
    said = capsys.readouterr().err
    assert "Skipped, since 12 pictures cannot be read:" in said
    assert "and 2 more" in said
    assert Evaluation.from_json(found.to_json()) == found
    words = ["evaluate", f"{run.path}/model.tellapart", "list.csv", "--root", "pictures"]
    words += ["--column", "image=where", "--column", "label=what"]
    assert main([*words, "--strict", "-q"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "12 pictures cannot be read" in captured.err


def test_the_second_scoring_reads_the_cache(
    desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """5,100 rows, since fewer are decoded so quickly that keeping them does not pay."""
    monkeypatch.setenv("TELLAPART_CACHE", str(desk / "cache"))
    cells = pq.read_table(desk / "export.parquet").to_pylist()
    pq.write_table(pa.Table.from_pylist(cells * 85), desk / "long.parquet")
    layout = Layout(image="shown", label="what")
    first = tellapart.evaluate(run, desk / "long.parquet", layout=layout)
    capsys.readouterr()
    assert len(entries_of(usual_cache().entries)) == 1
    again = tellapart.evaluate(run, desk / "long.parquet", layout=layout)
    assert again.model_copy(update={"looks": first.looks}) == first
    assert "Decoded pictures in the cache: 5,100." in capsys.readouterr().err
    anew = tellapart.evaluate(run, desk / "long.parquet", layout=layout, use_cache=False)
    assert anew.model_copy(update={"looks": first.looks}) == first
    assert "in the cache" not in capsys.readouterr().err


def test_arrays_of_another_size_are_scored_as_prediction_sees_them(
    run: Run, slice_of_fashion: Dataset
) -> None:
    part = slice_of_fashion.test.take(np.arange(40))
    large = np.stack(
        [
            np.asarray(Image.fromarray(picture[:, :, 0]).resize((56, 50)).convert("RGB"))
            for picture in part.decode(ImageSpec()).pixels
        ]
    )
    found = tellapart.evaluate(run, {"train": (large, part.labels)}, quiet=True)
    answers = tellapart.predict(run.model, large)
    right = [answer.label == label for answer, label in zip(answers, part.labels, strict=True)]
    assert found.accuracy.value == sum(right) / 40


@pytest.mark.usefixtures("desk")
def test_the_pictures_of_a_table_and_of_samples_are_named_without_labels(
    run: Run, slice_of_fashion: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = f"{run.path}/model.tellapart"
    words = ["predict", bundle, "list.csv", "--root", "pictures", "--column", "image=where"]
    assert main([*words, "--json", "-q"]) == 0
    found = json.loads(capsys.readouterr().out)
    by_samples = tellapart.predict(run.model, slice_of_fashion.test.take(np.arange(60)))
    assert [row["choices"][0]["label"] for row in found] == [a.label for a in by_samples]
    by_table = tellapart.predict(bundle, "export.parquet", layout=Layout(image="shown"))
    assert [answer.label for answer in by_table] == [answer.label for answer in by_samples]
    assert by_table[3].name == "export.parquet[3]"


@pytest.mark.usefixtures("desk")
def test_a_column_that_is_named_wrongly_is_answered_with_the_nearest(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("evaluate", "predict"):
        words = [verb, f"{run.path}/model.tellapart", "list.csv", "--column", "image=wher"]
        assert main([*words, "-q"]) == 3
        assert "Did you mean 'where'?" in capsys.readouterr().err
