"""`tellapart cache`: what is kept, and how it is cleared."""

import json
import os
import time
from pathlib import Path

import pytest
from PIL import Image

import tellapart
from tellapart.__main__ import main
from tellapart.data.cache import GIB, Cache, usual_cache
from tellapart.data.cache_files import entries_of, open_entry
from tellapart.data.cached import find_or_make
from tellapart.data.encoded import EncodedImages
from tellapart.data.folder import from_folder
from tellapart.errors import UsageError
from tellapart.sections import ImageSpec


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def two_entries(tmp_path: Path, place: Path) -> list[Path]:
    """Return two entries of the same pictures, the one that was used last first."""
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (30, 30), number).save(tmp_path / "pets" / name / f"{number}.png")
    images = from_folder(tmp_path / "pets").train.images
    assert isinstance(images, EncodedImages)
    cache = Cache(place, spare_bytes=0, least_seconds=0.0)
    for side, days in ((20, 40), (10, 3)):
        find_or_make(images, ImageSpec(height=side, width=side), cache, "my pets")
        entry = max(entries_of(cache.entries), key=lambda path: path.stat().st_ctime_ns)
        seen = time.time() - days * 24 * 60 * 60
        os.utime(entry, (seen, seen))
    return entries_of(cache.entries)


@pytest.mark.usefixtures("two_entries")
def test_the_list_tells_data_size_and_last_use(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache"]) == 0
    out = capsys.readouterr().out
    assert out.count("my pets") == 2
    assert "20×20×1" in out
    assert f"{place}: 2 entries" in out
    assert "of 21.5 GB" in out
    assert main(["cache", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["entries"]
    assert (first["image"], first["pictures"]) == ("10×10×1", 10)
    assert first["used"] > second["used"]
    assert first["size_bytes"] >= 10 * 10 * 10


def test_an_empty_cache_is_listed_and_cleared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache"]) == 0
    assert "0 entries, 0.0 MB of" in capsys.readouterr().out
    assert main(["cache", "clear"]) == 0
    assert "removed: 0 entries" in capsys.readouterr().out


def test_clearing_removes_everything(
    two_entries: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "clear"]) == 0
    assert "removed: 2 entries" in capsys.readouterr().out
    assert not any(path.exists() for path in two_entries)
    assert tellapart.cache().entries == ()


def test_only_what_was_not_used_for_so_long_is_cleared(
    two_entries: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cache", "clear", "--older-than", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["key"] for entry in found["removed"]] == [two_entries[1].name]
    assert [entry["key"] for entry in found["left"]] == [two_entries[0].name]
    assert two_entries[0].exists()


def test_what_is_in_use_is_left(two_entries: list[Path]) -> None:
    held = open_entry(two_entries[1])
    assert held is not None
    found = tellapart.clear_cache()
    assert [entry.key for entry in found.left] == [two_entries[1].name]
    assert held.pixels.any()


def test_a_negative_age_is_refused() -> None:
    with pytest.raises(UsageError, match=r"must be 0 days or more\. Received: -1\."):
        tellapart.clear_cache(older_than=-1)


def test_the_environment_names_folder_and_limit(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLAPART_CACHE_GIB", "0.5")
    assert (usual_cache().folder, usual_cache().most_bytes) == (place, GIB // 2)
    monkeypatch.delenv("TELLAPART_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert usual_cache().folder == Path("/caches/tellapart/pictures")


@pytest.mark.parametrize("limit", ["much", "-1", "nan"])
def test_a_limit_that_is_none_is_refused_with_the_fix(
    limit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELLAPART_CACHE_GIB", limit)
    assert main(["cache"]) == 2
    assert f"Received: '{limit}'. Fix: export" in capsys.readouterr().err
