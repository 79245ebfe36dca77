"""Decoded pictures from the cache: the same as decoded anew, or decoded anew."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typing_extensions import override

from tellapart.data.cache import Cache
from tellapart.data.cache_files import INDEX, PIXELS, drafting, entries_of, open_entry
from tellapart.data.folder import from_folder
from tellapart.data.prepare import Prepared, prepare
from tellapart.data.readers import Reader
from tellapart.data.rows import Rows
from tellapart.errors import DataError
from tellapart.progress import Silence
from tellapart.recipe import load_recipe
from tellapart.sections import ImageSpec

RECIPE = load_recipe("guide", {"data.validation": "holdout", "fit.keep": "best"})
SPEC = ImageSpec()
LONG_AGO = 10**18


class Listener(Silence):
    """Hears what is said, and what is worked on."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.work: dict[str, int] = {}

    @override
    def say(self, line: str) -> None:
        self.lines.append(line)

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> Any:
        self.work[title] = self.work.get(title, 0) + (total or 0)
        return super().task(title, total, unit)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a folder of 60 pictures; one is damaged, two are mended when they are read."""
    root = tmp_path / "pets"
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(30):
            Image.new("L", (28, 28), number).save(root / name / f"{number:02}.png")
    (root / "cat" / "07.png").write_bytes(b"not a picture")
    for name in ("cat/00.png", "dog/05.png"):
        Image.new("RGBA", (28, 28), (0, 0, 0, 0)).save(root / name)
    return root


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", spare_bytes=0, least_seconds=0.0)


def prepared(root: Path, cache: Cache | None, seed: int = 0) -> tuple[Prepared, Listener]:
    listener = Listener()
    recipe = RECIPE.model_copy(update={"seed": seed})
    return prepare(from_folder(root), recipe, cache=cache, progress=listener), listener


def assert_same(one: Prepared, other: Prepared) -> None:
    assert one.fingerprint == other.fingerprint
    assert [str(error) for error in one.skipped] == [str(error) for error in other.skipped]
    assert one.repairs == other.repairs
    for name in ("train", "validation", "test"):
        part, fresh = getattr(one, name), getattr(other, name)
        np.testing.assert_array_equal(np.asarray(part.pixels), np.asarray(fresh.pixels))
        np.testing.assert_array_equal(part.targets, fresh.targets)


def decoded(listener: Listener) -> int:
    """Return how many pictures were decoded."""
    return listener.work.get("reading pictures", 0)


def test_a_second_run_reads_what_the_first_one_decoded(pets: Path, cache: Cache) -> None:
    fresh, _ = prepared(pets, None)
    first, listener = prepared(pets, cache)
    assert decoded(listener) == 60  # once for all splits
    second, listener = prepared(pets, cache)
    assert decoded(listener) == 0
    assert isinstance(second.train.pixels, Rows)
    assert listener.lines == ["Decoded pictures in the cache: 59."]
    assert_same(first, fresh)
    assert_same(second, fresh)


def test_another_seed_splits_the_same_entry(pets: Path, cache: Cache) -> None:
    prepared(pets, cache)
    found, listener = prepared(pets, cache, seed=1)
    assert decoded(listener) == 0
    assert_same(found, prepared(pets, None, seed=1)[0])
    assert len(entries_of(cache.entries)) == 1


def test_data_that_lie_elsewhere_now_are_known_by_their_content(pets: Path, cache: Cache) -> None:
    prepared(pets, cache)
    moved = pets.rename(pets.with_name("animals"))
    found, listener = prepared(moved, cache)
    assert decoded(listener) == 0
    assert found.skipped[0].name == str(moved / "cat" / "07.png")


def settle(root: Path, cache: Cache) -> None:
    """Make all pictures old, and let the cache remember that they are."""
    for path in root.rglob("*.png"):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    _wait_until_settled(root)
    prepared(root, cache)
    _, listener = prepared(root, cache)
    assert listener.work.get("looking for changed pictures") == 0


def _wait_until_settled(root: Path) -> None:
    newest = max(path.stat().st_ctime_ns for path in root.rglob("*.png"))
    time.sleep(max(0.0, (newest + 2_100_000_000 - time.time_ns()) / 1e9))


def test_a_picture_changed_in_place_with_its_old_size_and_time_is_not_stale(
    pets: Path, cache: Cache
) -> None:
    settle(pets, cache)
    path = pets / "dog" / "20.png"
    raw = path.read_bytes()
    Image.new("L", (28, 28), 21).save(path)
    assert len(path.read_bytes()) == len(raw)
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    found, listener = prepared(pets, cache)
    assert listener.work["looking for changed pictures"] == 1
    assert decoded(listener) == 60
    assert_same(found, prepared(pets, None)[0])


def test_a_picture_that_changes_twice_within_one_tick_of_the_clock_is_not_stale(
    pets: Path, cache: Cache
) -> None:
    path = pets / "dog" / "20.png"
    prepared(pets, cache)
    remembered = [file.read_bytes() for file in cache.memory.glob("*.npz")]
    assert remembered == []  # all pictures are too young to be trusted
    Image.new("L", (28, 28), 21).save(path)
    assert_same(prepared(pets, cache)[0], prepared(pets, None)[0])


def test_another_size_another_entry(pets: Path, cache: Cache) -> None:
    data = from_folder(pets)
    for height in (28, 14):
        Reader(SPEC.model_copy(update={"height": height}), "pets", cache).read(data.train)
    assert len(entries_of(cache.entries)) == 2


def test_a_missing_picture_is_found_again_once_it_is_back(pets: Path, cache: Cache) -> None:
    data, path = from_folder(pets), pets / "dog" / "20.png"
    away = path.rename(pets / "away")
    found = Reader(SPEC, "pets", cache).read(data.train)
    assert [error.reason for error in found.failures] == ["unknown-format", "missing"]
    away.rename(path)
    found = Reader(SPEC, "pets", cache).read(data.train)
    assert [error.reason for error in found.failures] == ["unknown-format"]


@pytest.mark.parametrize("damage", ["short pixels", "no pixels", "no index", "junk for an index"])
def test_a_damaged_entry_is_made_anew(damage: str, pets: Path, cache: Cache) -> None:
    prepared(pets, cache)
    (entry,) = entries_of(cache.entries)
    if damage == "short pixels":
        os.truncate(entry / PIXELS, 100)
    elif damage == "junk for an index":
        (entry / INDEX).write_bytes(b"{")
    else:
        (entry / (PIXELS if damage == "no pixels" else INDEX)).unlink()
    found, listener = prepared(pets, cache)
    assert decoded(listener) == 60
    assert_same(found, prepared(pets, None)[0])
    assert decoded(prepared(pets, cache)[1]) == 0


def test_damaged_digests_are_read_anew(pets: Path, cache: Cache) -> None:
    settle(pets, cache)
    (memory,) = cache.memory.glob("*.npz")
    memory.write_bytes(memory.read_bytes()[:-40])
    found, listener = prepared(pets, cache)
    assert listener.work["looking for changed pictures"] == 60
    assert_same(found, prepared(pets, None)[0])


def test_few_pictures_are_not_kept(pets: Path, cache: Cache) -> None:
    found, listener = prepared(pets, Cache(cache.folder))
    assert entries_of(cache.entries) == []
    assert listener.lines == []
    assert_same(found, prepared(pets, None)[0])


def test_a_small_part_alone_is_decoded_as_it_is(pets: Path, cache: Cache) -> None:
    part = from_folder(pets).train.take(np.arange(10, 20))
    found = Reader(SPEC, "pets", cache).read(part)
    assert not isinstance(found.pixels, Rows)
    assert entries_of(cache.entries) == []


def test_a_cache_that_may_take_too_little_says_so_and_stops_nothing(
    pets: Path, cache: Cache
) -> None:
    small = Cache(cache.folder, most_bytes=10_000, spare_bytes=0, least_seconds=0.0)
    found, listener = prepared(pets, small)
    assert "not kept for the next time: they take" in listener.lines[0]
    assert "TELLAPART_CACHE_GIB" in listener.lines[0]
    assert_same(found, prepared(pets, None)[0])


def test_a_cache_that_cannot_be_written_says_so_and_stops_nothing(
    pets: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    found, listener = prepared(pets, Cache(tmp_path / "file" / "cache", least_seconds=0.0))
    assert [line for line in listener.lines if "not kept" in line]
    assert_same(found, prepared(pets, None)[0])


@pytest.mark.parametrize(
    ("spare", "said"), [(0, "0.0 GiB free"), (-(10**9), "No space left on device")]
)
def test_a_full_disk_says_so_and_leaves_nothing(
    spare: int, said: str, pets: Path, small_disk: Path
) -> None:
    for path in pets.rglob("*.png"):  # more than the disk holds
        shutil.copy(path, path.with_name(f"b{path.name}"))
    found, listener = prepared(pets, Cache(small_disk, spare_bytes=spare, least_seconds=0.0))
    assert said in listener.lines[0]
    assert_same(found, prepared(pets, None)[0])
    assert [path.name for path in (small_disk / "pixels").iterdir()] == [".lock"]


def test_a_cache_of_nothing_keeps_nothing(pets: Path, cache: Cache) -> None:
    found, listener = prepared(pets, Cache(cache.folder, most_bytes=0))
    assert not cache.folder.exists()
    assert listener.lines == []
    assert_same(found, prepared(pets, None)[0])


def test_pictures_that_cannot_be_read_at_all_are_no_entry(tmp_path: Path, cache: Cache) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "junk" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "junk" / name / f"{number}.png").write_bytes(b"junk")
    with pytest.raises(DataError, match="No picture of the train split"):
        prepared(tmp_path / "junk", cache)
    assert entries_of(cache.entries) == []


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with drafting(tmp_path, 1000) as draft:
            assert draft.path.is_dir()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_there_is_no_entry_where_there_is_no_folder(tmp_path: Path) -> None:
    assert open_entry(tmp_path / "none") is None


def test_pictures_in_a_folder_whose_name_is_no_utf_8_are_kept(pets: Path, tmp_path: Path) -> None:
    odd = pets.rename(tmp_path / os.fsdecode(b"caf\xe9"))
    cache = Cache(tmp_path / "cache", least_seconds=0.0)
    first = Reader(SPEC, str(odd), cache).read(from_folder(odd).train)
    [path] = entries_of(cache.entries)
    entry = open_entry(path)
    assert entry is not None
    assert entry.index.data == f"{tmp_path}/caf\\xe9"
    again = Reader(SPEC, str(odd), cache).read(from_folder(odd).train)
    assert np.array_equal(np.asarray(first.pixels), np.asarray(again.pixels))
