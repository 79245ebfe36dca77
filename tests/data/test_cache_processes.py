"""The cache under several processes, and under `kill -9`."""

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.data.cache import Cache, make_room
from tellapart.data.cache_files import entries_of, keeping_house, open_entry, remove_unused
from tellapart.data.cached import find_or_make
from tellapart.data.filed import FileImages
from tellapart.data.folder import from_folder
from tellapart.data.prepare import prepare

sys.path.insert(0, str(Path(__file__).parent))
from building import RECIPE, fingerprint_by_way_of

KILLS = 3
PICTURES = 20
SCRIPT = str(Path(__file__).with_name("building.py"))


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 200 pictures that take a moment; do not change it."""
    root = tmp_path_factory.mktemp("pictures") / "pets"
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    for number in range(200):
        path = root / ("cat" if number % 2 else "dog") / f"{number:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(noise, number, axis=0)).save(path)
    return root


@pytest.fixture(scope="module")
def fingerprint(pets: Path) -> str:
    return prepare(from_folder(pets), RECIPE).fingerprint


def start(root: Path, folder: Path) -> subprocess.Popen[str]:
    words = [sys.executable, SCRIPT, str(root), str(folder)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def has_draft(folder: Path) -> bool:
    return any((folder / "pixels").glob(".*.part"))


def test_two_processes_that_make_the_same_entry_at_once_both_end_with_a_good_one(
    pets: Path, fingerprint: str, tmp_path: Path
) -> None:
    processes = [start(pets, tmp_path) for _ in range(2)]
    assert [process.communicate()[0] for process in processes] == [fingerprint] * 2
    assert len(entries_of(tmp_path / "pixels")) == 1
    assert not has_draft(tmp_path)
    assert fingerprint_by_way_of(pets, tmp_path) == fingerprint


def test_killed_builds_leave_no_damage_and_what_they_left_is_swept_away(
    pets: Path, fingerprint: str, tmp_path: Path
) -> None:
    draw = random.Random(0)
    for _ in range(KILLS):
        process = start(pets, tmp_path)
        while not has_draft(tmp_path) and process.poll() is None:
            time.sleep(0.002)
        time.sleep(draw.uniform(0.0, 0.5))
        process.kill()
        process.communicate()
        assert fingerprint_by_way_of(pets, tmp_path) == fingerprint
        assert not has_draft(tmp_path)
        for path in entries_of(tmp_path / "pixels"):
            assert remove_unused(path)


def test_what_a_living_process_is_making_is_not_swept_away(
    pets: Path, fingerprint: str, tmp_path: Path
) -> None:
    process = start(pets, tmp_path)
    while not has_draft(tmp_path) and process.poll() is None:
        time.sleep(0.002)
    assert fingerprint_by_way_of(pets, tmp_path) == fingerprint
    assert process.communicate()[0] == fingerprint
    assert process.returncode == 0


def fill(folder: Path, pets: Path, count: int) -> list[Path]:
    """Make entries of the same pictures, and return the oldest first."""
    paths = tuple(path.relative_to(pets) for path in sorted(pets.glob("cat/*"))[:PICTURES])
    cache = Cache(folder, spare_bytes=0, least_seconds=0.0)
    for number in range(count):
        spec = RECIPE.image.model_copy(update={"background": number})
        find_or_make(FileImages(pets, paths), spec, cache, "pets")
        time.sleep(0.02)  # for another time of use
    return entries_of(cache.entries)[::-1]


def test_the_entry_that_was_not_used_for_longest_goes_first(pets: Path, tmp_path: Path) -> None:
    first, second, third = fill(tmp_path, pets, 3)
    entry = open_entry(first)
    assert entry is not None
    del entry  # used, and no longer in use
    size = PICTURES * 64 * 64
    cache = Cache(tmp_path, most_bytes=3 * size + 4096, spare_bytes=0)
    with keeping_house(cache.entries):
        assert make_room(cache, size) == ""
    assert entries_of(cache.entries) == [first, third]
    assert not second.exists()


def test_an_entry_in_use_stays_and_its_pixels_too(pets: Path, tmp_path: Path) -> None:
    first, second = fill(tmp_path, pets, 2)
    held = open_entry(first)
    assert held is not None
    cache = Cache(tmp_path, most_bytes=10, spare_bytes=0)
    with keeping_house(cache.entries):
        assert "the cache may take" in make_room(cache, 11)
        assert make_room(cache, 1) != ""
    assert entries_of(cache.entries) == [first]
    pixels = np.asarray(held.pixels)
    del held  # the array alone keeps the lock
    assert not remove_unused(first)
    assert pixels.any()
    del pixels
    assert remove_unused(first)
    assert not second.exists()
