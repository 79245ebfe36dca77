"""Pictures in the cells of Parquet files by way of the cache: found again, and never stale."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typing_extensions import override

from tellapart.data.cache import Cache
from tellapart.data.cache_files import entries_of
from tellapart.data.dataset import Dataset
from tellapart.data.digests import digest_of_content
from tellapart.data.encoded import EncodedImages
from tellapart.data.hub import from_pairs
from tellapart.data.layout import Layout
from tellapart.data.readers import Reader, Reading
from tellapart.data.rows import Rows
from tellapart.data.sources import open_dataset
from tellapart.progress import Silence
from tellapart.sections import ImageSpec

SPEC = ImageSpec(height=8, width=8)


class Listener(Silence):
    """Counts what is worked on."""

    def __init__(self) -> None:
        self.work: dict[str, int] = {}

    @override
    def task(self, title: str, total: int | None, unit: str = "") -> Any:
        self.work[title] = self.work.get(title, 0) + (total or 0)
        return super().task(title, total, unit)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", spare_bytes=0, least_seconds=0.0, settled_seconds=0.0)


def encoded(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (8, 8), level).save(file, "PNG")
    return file.getvalue()


def write(path: Path, levels: list[int], second: list[int] | None = None) -> Path:
    """Write an export with pictures in a column `image`, and others in a column `other`."""
    rows = [
        {
            "image": {"bytes": encoded(level), "path": f"{level}.png"},
            "other": encoded(other),
            "label": place % 2,
        }
        for place, (level, other) in enumerate(zip(levels, second or levels, strict=True))
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    time.sleep(0.02)  # for another time of change
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def read(data: Dataset, cache: Cache | None) -> tuple[Reading, Listener]:
    listener = Listener()
    return Reader(SPEC, "test", cache, listener).read(data.train), listener


def levels(found: Reading) -> list[int]:
    return [int(level) for level in np.asarray(found.pixels)[:, 0, 0, 0]]


def test_the_second_run_on_an_export_reads_neither_cells_nor_pictures(
    tmp_path: Path, cache: Cache
) -> None:
    path = write(tmp_path / "pets.parquet", list(range(40)))
    fresh, _ = read(open_dataset(path), None)
    first, listener = read(open_dataset(path), cache)
    assert listener.work == {"looking for changed pictures": 40, "reading pictures": 40}
    second, listener = read(open_dataset(path), cache)
    assert listener.work == {"looking for changed pictures": 0}
    assert isinstance(second.pixels, Rows)
    for found in (first, second):
        np.testing.assert_array_equal(np.asarray(found.pixels), fresh.pixels)


def test_an_export_that_is_written_anew_is_not_stale(tmp_path: Path, cache: Cache) -> None:
    path = write(tmp_path / "pets.parquet", list(range(40)))
    read(open_dataset(path), cache)
    write(path, [*range(39), 99])
    found, _ = read(open_dataset(path), cache)
    assert levels(found) == [*range(39), 99]


def test_the_digests_are_of_the_file_as_it_was_when_it_was_read(
    tmp_path: Path, cache: Cache
) -> None:
    """The file is written anew after the table was read and before its pictures are."""
    path = write(tmp_path / "pets.parquet", list(range(40)))
    data = open_dataset(path)
    write(path, list(range(100, 140)))
    assert levels(read(data, cache)[0]) == list(range(40))
    assert levels(read(open_dataset(path), cache)[0]) == list(range(100, 140))


def test_another_column_of_the_same_file_has_pictures_of_its_own(
    tmp_path: Path, cache: Cache
) -> None:
    path = write(tmp_path / "pets.parquet", list(range(40)), list(range(50, 90)))
    for column, first in (("image", 0), ("other", 50), ("image", 0)):
        found, _ = read(open_dataset(path, layout=Layout(image=column)), cache)
        assert levels(found) == list(range(first, first + 40))


def test_rows_that_moved_within_a_folder_of_files_are_read_again(
    tmp_path: Path, cache: Cache
) -> None:
    """The second file is left as it is, but its rows stand elsewhere in the whole."""
    root = tmp_path / "pets"
    for name, shown in (("a", range(20)), ("b", range(20, 40)), ("c", range(40, 60))):
        write(root / f"{name}.parquet", list(shown))
    assert levels(read(open_dataset(root), cache)[0]) == list(range(60))
    write(root / "a.parquet", list(range(15)))
    write(root / "c.parquet", list(range(40, 65)))
    found, _ = read(open_dataset(root), cache)
    assert levels(found) == [*range(15), *range(20, 65)]
    assert isinstance(found.pixels, Rows)


def test_a_cell_that_only_names_a_file_is_looked_at_each_time(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "x.png").write_bytes(encoded(7))
    rows = [
        {"image": {"bytes": None if n == 3 else encoded(n), "path": "x.png"}, "label": n % 2}
        for n in range(40)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pets.parquet")
    assert levels(read(open_dataset(tmp_path / "pets.parquet"), cache)[0])[3] == 7
    time.sleep(0.02)  # for another time of change
    (tmp_path / "x.png").write_bytes(encoded(8))
    found, listener = read(open_dataset(tmp_path / "pets.parquet"), cache)
    assert levels(found)[3] == 8
    assert listener.work["looking for changed pictures"] == 1


def test_cells_that_cannot_be_read_are_named_the_same_from_the_cache(
    tmp_path: Path, cache: Cache
) -> None:
    rows = [{"image": encoded(n) if n % 5 else b"junk", "label": n % 2} for n in range(40)]
    rows[7]["image"] = None
    path = tmp_path / "pets.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    fresh, _ = read(open_dataset(path), None)
    for _ in range(2):
        found, _ = read(open_dataset(path), cache)
        assert [str(error) for error in found.failures] == [str(error) for error in fresh.failures]
        np.testing.assert_array_equal(found.kept, fresh.kept)
        np.testing.assert_array_equal(np.asarray(found.pixels), fresh.pixels)


def test_pictures_in_memory_are_found_by_content(cache: Cache) -> None:
    def pairs() -> Dataset:
        arrays = [np.full((8, 8 + n % 2), n, np.uint8) for n in range(20)]
        return from_pairs(
            (each, n % 2) for n, each in enumerate([*arrays, *map(encoded, range(20))])
        )

    fresh, _ = read(pairs(), None)
    read(pairs(), cache)
    found, listener = read(pairs(), cache)
    assert "reading pictures" not in listener.work
    np.testing.assert_array_equal(np.asarray(found.pixels), fresh.pixels)
    assert len(entries_of(cache.entries)) == 1


def test_arrays_of_the_same_bytes_and_other_shapes_are_told_apart() -> None:
    wide, tall = np.zeros((2, 4), np.uint8), np.zeros((4, 2), np.uint8)
    data = from_pairs([(wide, 0), (tall, 1)])
    assert isinstance(data.train.images, EncodedImages)
    found = {digest_of_content(data.train.images.content(i)) for i in range(2)}
    assert len(found | {digest_of_content(wide.tobytes())}) == 3
