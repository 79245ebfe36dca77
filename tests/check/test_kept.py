"""A record of what was found is found again for the same data, and for no others."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.check.inspection import Inspection
from tellapart.check.kept import MOST_KEPT, find_inspection, keep_inspection
from tellapart.data.cache import Cache
from tellapart.data.dataset import Dataset
from tellapart.sections import ImageSpec


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(fashion: Dataset, tmp_path: Path) -> Path:
    root = tmp_path / "clothes"
    pixels = fashion.test.take(np.arange(24)).decode(ImageSpec()).pixels
    for index, picture in enumerate(pixels):
        home = root / ("shoe" if index % 2 else "shirt")
        home.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture[..., 0]).save(home / f"{index:02}.png")
    (root / "shirt" / "bad.png").write_bytes(b"no picture")
    return root


def inspected(folder: Path) -> Inspection:
    return tellapart.inspect(folder, output=folder.parent / "grid.png", quiet=True)


def kept(folder: Path) -> Inspection | None:
    return find_inspection(tellapart.load(folder, quiet=True))


def test_what_was_found_is_found_again_without_the_grids_place(folder: Path) -> None:
    assert kept(folder) is None
    found = inspected(folder)
    assert kept(folder) == found.model_copy(update={"picture": None})
    assert found.picture is not None


def test_what_is_stale_is_not_found(folder: Path) -> None:
    inspected(folder)
    path = folder / "shirt" / "00.png"
    before = path.read_bytes()
    with Image.open(path) as picture:
        picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(path)
    assert kept(folder) is None
    path.write_bytes(before)
    assert kept(folder) is not None
    (folder / "shirt" / "notes.txt").write_text("no picture", "utf-8")
    assert kept(folder) is None
    (folder / "shirt" / "notes.txt").unlink()
    path.rename(folder / "shoe" / "00.png")
    assert kept(folder) is None


def test_arrays_are_told_by_pixels_labels_and_splits(slice_of_fashion: Dataset) -> None:
    pixels = slice_of_fashion.test.decode(ImageSpec()).pixels.copy()
    targets = np.arange(len(pixels)) % 2
    data = tellapart.load((pixels, targets), quiet=True)
    record = Inspection(name="x", origin="y", class_names=("0", "1"), splits={})
    keep_inspection(data, record)
    assert find_inspection(tellapart.load((pixels.copy(), targets), quiet=True)) == record
    assert find_inspection(tellapart.load((pixels, 1 - targets), quiet=True)) is None
    pixels[3, 0, 0, 0] ^= 1
    assert find_inspection(tellapart.load((pixels, targets), quiet=True)) is None


def test_a_look_without_checks_keeps_nothing(folder: Path) -> None:
    tellapart.inspect(folder, output=folder.parent / "grid.png", check=False, quiet=True)
    assert kept(folder) is None


def test_a_damaged_record_is_as_none(folder: Path, place: Path) -> None:
    inspected(folder)
    [path] = (place / "inspections").iterdir()
    path.write_bytes(path.read_bytes()[:50])
    assert kept(folder) is None


def test_records_are_bounded_listed_and_cleared(
    folder: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inspected(folder)
    assert main(["cache"]) == 0
    assert "records of what inspect found: 1" in capsys.readouterr().out
    for number in range(MOST_KEPT):
        (place / "inspections" / f"{number}.json").write_text("{}", "utf-8")
    (folder / "shirt" / "02.png").unlink()
    inspected(folder)
    assert len(list((place / "inspections").iterdir())) == MOST_KEPT
    assert main(["cache", "clear"]) == 0
    assert tellapart.cache().inspections == 0


def test_a_cache_that_may_hold_nothing_holds_no_record(folder: Path, place: Path) -> None:
    found = inspected(folder)
    data = tellapart.load(folder, quiet=True)
    closed = Cache(place.parent / "closed", most_bytes=0)
    keep_inspection(data, found, closed)
    assert find_inspection(data, closed) is None
    assert not closed.folder.exists()


ODD = os.fsdecode(b"caf\xe9")
"""A name as an old disk has it: no UTF-8."""


def test_names_that_are_no_utf_8_are_kept_and_printed_as_text(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / f"{ODD}.txt").write_text("no picture", "utf-8")
    (folder / "shirt" / f"{ODD}.png").write_bytes((folder / "shirt" / "00.png").read_bytes())
    odd = folder.rename(folder.parent / ODD)
    monkeypatch.chdir(folder.parent)
    assert main(["inspect", str(odd), "--json", "-q", "--report", "page.html"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["name"] == "caf\\xe9"
    skipped = {entry["file"] for entry in found["account"]["exceptions"]}
    assert f"{folder.parent}/caf\\xe9/caf\\xe9.txt" in skipped
    [copies] = [each for each in found["findings"] if each["check"] == "exact-duplicates"]
    assert f"{folder.parent}/caf\\xe9/shirt/caf\\xe9.png" in copies["files"]
    again = kept(odd)
    assert again is not None
    assert again.model_dump(mode="json") == found | {"picture": None, "report": None}
    assert main(["inspect", str(odd), "-q"]) == 0
    assert "caf\\xe9/caf\\xe9.txt" in capsys.readouterr().out


def test_a_record_is_found_by_whatever_path_the_same_data_are_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "shirt" / "notes.txt").write_text("no picture", "utf-8")
    (folder / "outside.png").write_bytes((folder / "shirt" / "00.png").read_bytes())
    (folder.parent / "link").symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    assert inspected(Path("clothes")).origin == "clothes"
    for path in (folder, Path("clothes"), Path("link"), folder / ".." / "clothes"):
        assert kept(path) is not None
    monkeypatch.chdir(folder)
    assert kept(Path()) is not None
    Path("outside.png").rename("beside.png")
    assert kept(folder) is None


def test_a_record_of_a_table_is_found_by_its_relative_and_its_whole_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"clothes/shirt/{i:02}.png,{'a' if i % 4 else 'b'}" for i in range(0, 24, 2)]
    rows += ["clothes/shoe/01.png,"]
    table = folder.parent / "list.csv"
    table.write_text("\n".join(["file,label", *rows]), "utf-8")
    monkeypatch.chdir(folder.parent)
    found = tellapart.inspect("list.csv", output="grid.png", quiet=True)
    assert found.account is not None
    assert found.account.reasons == {"no-label": 1}
    assert kept(table) is not None
    table.write_text("\n".join(["file,label", *reversed(rows)]), "utf-8")
    assert kept(table) is None


def test_what_a_strict_look_refuses_is_kept_as_skipped(folder: Path) -> None:
    strict = tellapart.inspect(folder, output=folder.parent / "g.png", strict=True, quiet=True)
    assert strict.account is not None
    assert strict.account.counts["refused"] == 1
    record = kept(folder)
    assert record == inspected(folder).model_copy(update={"picture": None})
