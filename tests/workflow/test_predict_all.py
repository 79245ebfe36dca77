"""Millions of answers go into files that are whole or absent, and are gone on with."""

import fcntl
import io
import json
import os
import re
import shutil
import signal
import threading
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet as pq

import tellapart
from tellapart.data.csv_rows import parse_csv
from tellapart.data.layout import Layout
from tellapart.errors import DataError, Interrupted, OutputError, UsageError
from tellapart.files import alone_in
from tellapart.predict.predictor import Predictor


@pytest.fixture(scope="module")
def model(served_bundle: Path) -> Predictor:
    return tellapart.open_model(served_bundle, backend="onnx")


@pytest.fixture
def photos(in_tmp: Path, pictures: list[bytes]) -> Path:
    """Return a folder of 100 pictures, one of them damaged, and a text."""
    for number, picture in enumerate(pictures[:100]):
        home = in_tmp / "photos" / str(number // 40)
        home.mkdir(parents=True, exist_ok=True)
        (home / f"{number:03}.png").write_bytes(picture)
    Path("photos/1/050.png").write_bytes(pictures[50][:60])
    Path("photos/notes.txt").write_text("none", "utf-8")
    return Path("photos")


def shards(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("answers-*"))}


def names_in(folder: Path) -> list[str]:
    tables = [parse_csv(content.decode(), name) for name, content in shards(folder).items()]
    return [row.cells[0] for _, rows in tables for row in rows]


def test_a_folder_of_answers_has_shards_a_job_and_a_summary(photos: Path, model: Predictor) -> None:
    found = tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    assert list(shards(Path("out"))) == [f"answers-{n:05}.csv" for n in range(4)]
    assert names_in(Path("out")) == sorted(map(str, photos.rglob("*.png")))
    assert (found.pictures, found.left_alone) == (100, 1)
    assert found.errors == {"truncated": 1}
    assert sum(found.verdicts.values()) == 100
    assert json.loads(Path("out/summary.json").read_text("utf-8")) == found.model_dump()
    job = json.loads(Path("out/job.json").read_text("utf-8"))
    assert job["sources"] == [
        {
            "given": "photos",
            "resolved": str(photos.resolve()),
            "pictures": 100,
            "size_bytes": 0,
        }
    ]
    assert (job["shard"], job["format"], job["runtime"]) == (30, "csv", "onnx")
    assert "100 pictures" in str(found)
    assert "1 truncated" in str(found)
    assert not list(Path("out").glob("*.part"))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_job_that_lost_its_last_shards_goes_on_to_the_same_bytes(
    form: str, photos: Path, model: Predictor
) -> None:
    for place in ("whole", "half"):
        tellapart.predict_all(model, photos, place, format=form, shard=30, quiet=True)
    for path in (f"answers-00002.{form}", "shards/00002.json", "summary.json"):
        Path("half", path).unlink()
    Path("half/.answers-00002.x.part").write_bytes(b"of a process that was killed")
    again = tellapart.predict_all(model, photos, "half", format=form, shard=30, quiet=True)
    assert again.answered_before == 60
    assert again.pictures == 100
    assert shards(Path("half")) == shards(Path("whole"))
    assert not list(Path("half").glob(".*.part"))
    before = Path("half/summary.json").read_bytes()
    done = tellapart.predict_all(model, photos, "half", format=form, shard=30, quiet=True)
    assert (done.answered_before, done.verdicts) == (100, again.verdicts)
    assert Path("half/summary.json").read_bytes() == before


def test_pictures_that_are_answered_are_not_decoded_again(photos: Path, model: Predictor) -> None:
    tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    before = shards(Path("out"))
    for path in sorted(photos.rglob("*.png"))[:90]:
        path.write_bytes(b"no picture any more")
    Path("out/answers-00003.csv").unlink()
    tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    assert shards(Path("out")) == before


@pytest.mark.usefixtures("photos")
def test_all_kinds_of_sources_are_answered_in_the_order_they_are_given(
    model: Predictor, pictures: list[bytes]
) -> None:
    with zipfile.ZipFile("more.zip", "w") as archive:
        archive.writestr("in/1.png", pictures[1])
        archive.writestr("read.me", "none")
    table = pa.table({"image": pictures[:5]})
    pq.write_table(table, "rows.parquet", row_group_size=2)
    Path("list.csv").write_text("image\nphotos/0/003.png\n", "utf-8")
    words = ["rows.parquet", "more.zip", "photos/2/*.png", "list.csv", "nowhere.png", "photos/0"]
    found = tellapart.predict_all(model, words, "out", shard=7, quiet=True)
    assert names_in(Path("out")) == [
        *(f"rows.parquet[{row}]" for row in range(5)),
        "more.zip/in/1.png",
        *(f"photos/2/{number:03}.png" for number in range(80, 100)),
        "photos/0/003.png",
        "nowhere.png",
        *(f"photos/0/{number:03}.png" for number in range(40)),
    ]
    assert found.left_alone == 1
    assert found.errors == {"missing": 1}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_one_file_holds_what_the_shards_hold(form: str, photos: Path, model: Predictor) -> None:
    tellapart.predict_all(model, photos, f"deep/all.{form}", quiet=True)
    tellapart.predict_all(model, photos, "out", format=form, quiet=True)
    [shard] = shards(Path("out")).values()
    content = Path(f"deep/all.{form}").read_bytes()
    if form == "parquet":
        both = [pq.read_table(io.BytesIO(raw)) for raw in (shard, content)]
        assert both[0] == both[1]
    else:
        assert content == shard
    assert [path.name for path in Path("deep").iterdir()] == [f"all.{form}"]
    with pytest.raises(OutputError, match="must be a new file.*one that is there"):
        tellapart.predict_all(model, photos, f"deep/all.{form}", quiet=True)


def test_what_a_killed_process_left_beside_a_file_is_removed_and_what_another_writes_is_not(
    model: Predictor, photos: Path
) -> None:
    left, under_way = Path(".all.csv.1.answers.part"), Path(".all.csv.2.answers.part")
    left.touch()
    with under_way.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        tellapart.predict_all(model, photos, "all.csv", quiet=True)
    assert (left.exists(), under_way.exists()) == (False, True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"top": 5}, "top was 3 and is 5"),
        ({"risk": 0.2}, "risk was not given and is 0.2"),
        ({"always_answer": True}, "always_answer was False and is True"),
        ({"shard": 31}, "shard was 30 and is 31"),
        ({"format": "jsonl"}, "format was csv and is jsonl"),
        ({"sources": ["photos/0"]}, r"the sources were photos \(.*\) and are photos/0 \("),
    ],
    ids=lambda value: str(value)[:20],
)
def test_another_command_on_the_same_folder_is_refused_with_what_differs(
    change: dict[str, object], said: str, photos: Path, model: Predictor
) -> None:
    tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    before = shards(Path("out"))
    words: dict[str, object] = {"sources": photos, "shard": 30, **change}
    with pytest.raises(UsageError, match=f"answers to another command: {said}.*--output"):
        tellapart.predict_all(model, output="out", quiet=True, **words)  # type: ignore[arg-type]
    assert shards(Path("out")) == before


def test_another_command_may_begin_in_a_folder_without_any_whole_shard(
    photos: Path, model: Predictor
) -> None:
    tellapart.predict_all(model, photos, "out", quiet=True)
    for path in ("shards/00000.json", "summary.json"):  # killed right before these were written
        Path("out", path).unlink()
    (Path("out/shards") / ".00000.json.x.part").touch()  # as a kill leaves it
    found = tellapart.predict_all(model, photos, "out", format="jsonl", top=1, quiet=True)
    assert found.pictures == 100
    assert list(shards(Path("out"))) == ["answers-00000.jsonl"]
    assert not list(Path("out").rglob("*.part"))


def test_answers_that_lost_their_records_are_not_written_over_by_another_command(
    photos: Path, model: Predictor
) -> None:
    tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    shutil.rmtree("out/shards")
    before = shards(Path("out"))
    with pytest.raises(UsageError, match="answers to another command: top was 3 and is 1"):
        tellapart.predict_all(model, photos, "out", shard=30, top=1, quiet=True)
    assert shards(Path("out")) == before


@pytest.mark.usefixtures("in_tmp")
def test_answers_do_not_go_among_the_tables_that_are_read(
    model: Predictor, pictures: list[bytes]
) -> None:
    Path("rows").mkdir()
    pq.write_table(pa.table({"image": pictures[:3]}), "rows/a.parquet")
    for word in ("rows", "rows/**/*.parquet"):
        for output in ("rows/out", "rows/all.parquet"):
            with pytest.raises(UsageError, match="must not lie among the Parquet files of rows"):
                tellapart.predict_all(model, word, output, quiet=True)
    assert tellapart.predict_all(model, "rows", "out", quiet=True).pictures == 3


def test_a_folder_that_grew_is_an_error_that_names_the_fix(
    photos: Path, model: Predictor, pictures: list[bytes]
) -> None:
    tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    (photos / "2" / "more.png").write_bytes(pictures[0])
    with pytest.raises(DataError, match="photos had 100 pictures and has 101.*another --output"):
        tellapart.predict_all(model, photos, "out", shard=30, quiet=True)


def test_pictures_with_other_names_are_noticed_where_they_are_answered(
    photos: Path, model: Predictor
) -> None:
    tellapart.predict_all(model, photos, "out", shard=30, quiet=True)
    Path("out/answers-00003.csv").unlink()
    (photos / "0" / "035.png").rename(photos / "0" / "035a.png")
    with pytest.raises(DataError, match="pictures 31 to 60, which shard 1 answers, have other"):
        tellapart.predict_all(model, photos, "out", shard=30, quiet=True)


@pytest.mark.usefixtures("in_tmp")
def test_an_archive_of_another_size_is_noticed(model: Predictor, pictures: list[bytes]) -> None:
    for count in (3, 4):
        with zipfile.ZipFile("a.zip", "w") as archive:
            archive.writestr("1.png", pictures[0])
            archive.writestr("notes.txt", "x" * count)
        if count == 3:
            tellapart.predict_all(model, "a.zip", "out", quiet=True)
    with pytest.raises(DataError, match=r"a\.zip had .* bytes and has"):
        tellapart.predict_all(model, "a.zip", "out", quiet=True)


def test_a_folder_with_something_else_in_it_is_refused(photos: Path, model: Predictor) -> None:
    with pytest.raises(UsageError, match="photos must be a new folder"):
        tellapart.predict_all(model, photos, photos, quiet=True)
    assert not (photos / "job.json").exists()


def test_a_folder_that_another_process_writes_to_is_refused(photos: Path, model: Predictor) -> None:
    tellapart.predict_all(model, photos, "out", quiet=True)
    with (
        alone_in(Path("out"), "Wait"),
        pytest.raises(UsageError, match="Another process is writing to out"),
    ):
        tellapart.predict_all(model, photos, "out", quiet=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"output": "a.csv", "format": "jsonl"}, "Fix: --format csv"),
        ({"shard": 0}, "`shard` must be at least 1. Received: 0"),
        ({"output": "a.csv", "shard": 3}, "One file has no shards. Received: --shard 3"),
        (
            {"output": "a.json"},
            r"ends in .csv, .jsonl or .parquet. Received: a.json. Fix: .* a.jsonl",
        ),
        ({"output": "a.csv.gz"}, "Answers go into a folder, or into a file"),
        ({"layout": Layout(image="x")}, "must fit its source. Received: image='x' for pictures"),
        ({"sources": ["-"]}, "standard input cannot be answered into files"),
        ({"risk": 2.0}, "`risk` must be above 0 and below 1"),
        ({"top": 0}, "`top` must be at least 1"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    words: dict[str, object], said: str, photos: Path, model: Predictor
) -> None:
    given: dict[str, object] = {"sources": photos, "output": "out", **words}
    with pytest.raises(UsageError, match=said):
        tellapart.predict_all(model, quiet=True, **given)  # type: ignore[arg-type]
    assert [path.name for path in Path().iterdir()] == ["photos"]


@pytest.mark.parametrize("output", ["out", "all.csv", "all.parquet"])
def test_a_full_disk_leaves_whole_shards_or_nothing(
    output: str, small_disk: Path, model: Predictor, pictures: list[bytes]
) -> None:
    pixels = [np.asarray(Image.open(io.BytesIO(picture))) for picture in pictures]
    home = small_disk.parent / "photos"
    home.mkdir()
    for number in range(1500):
        Image.fromarray(pixels[number % 200]).save(home / f"{number:04}.png")
    (small_disk / "ballast").write_bytes(bytes(48 << 10 if output == "all.parquet" else 0))
    shard = 100 if output == "out" else None
    with pytest.raises(OutputError, match="No space left on device.*--output"):
        tellapart.predict_all(model, home, small_disk / output, shard=shard, quiet=True)
    if output != "out":
        assert [path.name for path in small_disk.iterdir()] == ["ballast"]
        return
    assert not list(small_disk.rglob("*.part"))
    for content in shards(small_disk / output).values():
        assert content.count(b"\n") == 101


@pytest.mark.usefixtures("in_tmp")
@pytest.mark.parametrize("output", ["out", "all.csv"])
def test_a_stop_keeps_whole_shards_and_says_how_to_go_on(
    output: str, model: Predictor, pictures: list[bytes]
) -> None:
    Path("photos").mkdir()
    for number in range(3000):
        Path(f"photos/{number:04}.png").write_bytes(pictures[number % 200])
    shard = 256 if output == "out" else None
    alarm = threading.Timer(0.15, os.kill, (os.getpid(), signal.SIGTERM))
    alarm.start()
    with pytest.raises(Interrupted) as caught:
        tellapart.predict_all(model, "photos", output, shard=shard, quiet=True)
    alarm.join()
    assert caught.value.exit_code == 143
    if output == "all.csv":
        assert not Path(output).exists()
        assert "--output FOLDER" in str(caught.value)
        return
    again = tellapart.predict_all(model, "photos", output, shard=256, quiet=True)
    assert again.pictures == 3000
    [kept] = re.findall(r"Kept in out: (\d+) whole shard", str(caught.value))
    assert again.answered_before == 256 * int(kept)


def test_a_classifier_that_is_in_no_file_is_refused(photos: Path, model: Predictor) -> None:
    bundle = model._bundle
    manifest = bundle.manifest.model_copy(update={"members": {}})
    unwritten = Predictor(type(bundle)(manifest, bundle.weights, bundle.golden), model._runtime)
    with pytest.raises(UsageError, match="must be in a file"):
        tellapart.predict_all(unwritten, photos, "out", quiet=True)


def test_predict_takes_folders_and_archives(
    photos: Path, model: Predictor, pictures: list[bytes]
) -> None:
    with zipfile.ZipFile("more.zip", "w") as archive:
        archive.writestr("in/1.png", pictures[1])
    [answer] = tellapart.predict(model, "more.zip")
    assert answer.name == "more.zip/in/1.png"
    assert answer.label == tellapart.predict(model, pictures[1]).label
    assert len(tellapart.predict(model, photos)) == 100
