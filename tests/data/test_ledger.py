"""The ledger: every file on disk has one entry, and the counts add up."""

import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from tellapart.data.arrays import from_arrays
from tellapart.data.folder import from_folder
from tellapart.data.ledger import Ledger, ledger_of
from tellapart.data.prepare import prepare
from tellapart.data.sources import open_dataset
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec

GUIDE = load_recipe("guide")


def files_below(root: Path) -> list[str]:
    return sorted(str(Path(home) / name) for home, _, names in os.walk(root) for name in names)


def put(path: Path, *, is_clear: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGBA", (28, 28), (9, 9, 9, 0)) if is_clear else Image.new("L", (28, 28))
    picture.save(path)


def messy_folder(root: Path) -> Path:
    """Make two classes of ten, and about everything else that lies in real folders."""
    for name in ("cat", "dog"):
        for number in range(10):
            put(root / name / f"{number}.png")
    put(root / "cat" / "clear.png", is_clear=True)
    put(root / "cat" / "deep" / "er" / "1.png")
    put(root / "loose.png")
    put(root / "dog" / ".hidden.png")
    put(root / ".thumbs" / "1.png")
    put(root / "__MACOSX" / "cat" / "1.png")
    for name in ("cat/.DS_Store", "dog/Thumbs.db", "desktop.ini", "notes.txt", "dog/1.docx"):
        (root / name).write_bytes(b"text")
    (root / "dog" / "3.png").write_bytes(b"no picture")
    (root / "dog" / "4.png").write_bytes(b"")
    (root / "dog" / "gone.png").symlink_to(root / "nowhere.png")
    return root


def test_every_file_on_disk_is_in_the_ledger_once_and_the_counts_add_up(tmp_path: Path) -> None:
    root = messy_folder(tmp_path / "pets")
    ledger = prepare(from_folder(root), GUIDE).ledger
    assert sorted(entry.file for entry in ledger.entries) == files_below(root)
    assert ledger.counts == {"used": 19, "repaired": 1, "skipped": 12, "refused": 0}
    assert sum(ledger.counts.values()) == len(files_below(root))
    assert sum(n for split in ledger.images.values() for n in split.values()) == 20


def test_each_file_that_is_not_used_as_it_is_has_its_reason(tmp_path: Path) -> None:
    root = messy_folder(tmp_path / "pets")
    ledger = prepare(from_folder(root), GUIDE).ledger
    reasons = {str(Path(entry.file).relative_to(root)): entry.reason for entry in ledger.exceptions}
    assert reasons == {
        "cat/clear.png": "transparent parts laid over grey level 0",
        "loose.png": "outside-class",
        "dog/.hidden.png": "hidden",
        ".thumbs/1.png": "hidden",
        "__MACOSX/cat/1.png": "hidden",
        "cat/.DS_Store": "system-file",
        "dog/Thumbs.db": "system-file",
        "desktop.ini": "system-file",
        "notes.txt": "not-a-picture",
        "dog/1.docx": "not-a-picture",
        "dog/3.png": "unknown-format",
        "dog/4.png": "empty",
        "dog/gone.png": "not-a-file",
    }
    assert all(entry.detail for entry in ledger.exceptions)
    assert ledger.reasons["hidden"] == 3


def test_where_nothing_may_be_skipped_unreadable_pictures_are_refused(tmp_path: Path) -> None:
    root = messy_folder(tmp_path / "pets")
    data = from_folder(root)
    parts = {"train": (data.train, data.train.decode(ImageSpec()))}
    ledger = ledger_of(data.splits, parts, data.unused, strict=True)
    assert (ledger.counts["refused"], ledger.counts["skipped"]) == (2, 10)
    refused = [entry.file for entry in ledger.entries if entry.status == "refused"]
    assert refused == [str(root / "dog" / "3.png"), str(root / "dog" / "4.png")]


def test_a_split_that_the_recipe_leaves_out_is_accounted_for(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "val/a", "test/b"):
        put(tmp_path / name / "1.png")
    ledger = prepare(from_folder(tmp_path), GUIDE).ledger
    [entry] = ledger.exceptions
    assert (entry.file, entry.reason) == (str(tmp_path / "val/a/1.png"), "split-left-out")
    assert ledger.images == {"train": {"a": 1, "b": 1}, "test": {"a": 0, "b": 1}}


def test_pictures_in_a_table_are_accounted_for(tmp_path: Path) -> None:
    for number in range(8):
        put(tmp_path / f"{number}.png")
    rows = [f"{number}.png,{'cat' if number % 2 else 'dog'}" for number in range(6)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *rows, "6.png,"]))
    ledger = prepare(open_dataset(tmp_path), GUIDE).ledger
    assert sorted(entry.file for entry in ledger.entries) == files_below(tmp_path)
    assert ledger.counts["used"] == 6
    assert ledger.reasons == {"labels-file": 1, "no-label": 2}


def test_the_ledger_as_json_says_all_of_it(tmp_path: Path) -> None:
    ledger = prepare(from_folder(messy_folder(tmp_path / "pets")), GUIDE).ledger
    record = json.loads(ledger.to_json())
    assert record["files"] == len(record["entries"]) == 32
    assert record["counts"] == ledger.counts
    assert record["images"]["train"].keys() == {"cat", "dog"}
    assert {entry["status"] for entry in record["entries"]} == {"used", "repaired", "skipped"}


def test_arrays_are_accounted_for_by_their_positions() -> None:
    pixels = np.zeros((20, 28, 28), np.uint8)
    ledger: Ledger = prepare(from_arrays({"train": (pixels, [0, 1] * 10)}), GUIDE).ledger
    assert {entry.file for entry in ledger.entries} == {f"train images[{n}]" for n in range(20)}
    assert ledger.counts["used"] == 20
