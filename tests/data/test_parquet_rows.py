"""Parquet is read by row groups, and of it only the pictures."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet as pq

from tellapart.data.layout import Layout
from tellapart.data.parquet_rows import ParquetSource
from tellapart.data.streams import Unread
from tellapart.errors import DataError, ImageError


def png(level: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 4), level, np.uint8)).save(file, "PNG")
    return file.getvalue()


def write(path: Path, cells: list[object], group: int = 10, **others: list[object]) -> Path:
    """Write cells in row groups, with a page for each few rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"image": cells, **others})
    options = {"compression": "none", "write_batch_size": 8, "use_dictionary": False}
    pq.write_table(table, path, row_group_size=group, **options)
    return path


CELLS: list[object] = [png(level) for level in range(35)]


@pytest.mark.usefixtures("in_tmp")
def test_rows_of_all_groups_come_in_their_order() -> None:
    source = ParquetSource([write(Path("t.parquet"), CELLS)], Path("t.parquet"))
    found = list(source.stream())
    assert source.total == 35
    assert [one.name for one in found] == [f"t.parquet[{row}]" for row in range(35)]
    assert [one.content for one in found] == CELLS


@pytest.mark.usefixtures("in_tmp")
def test_several_files_are_one_row_of_pictures() -> None:
    paths = [write(Path(f"all/{name}.parquet"), CELLS[:3]) for name in "ab"]
    source = ParquetSource(paths, Path("all"))
    assert source.total == 6
    assert [one.name for one in source.stream()][2:4] == ["all/a.parquet[2]", "all/b.parquet[0]"]


def test_groups_that_are_answered_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", CELLS)
    whole = pq.ParquetFile(path).metadata
    end = whole.row_group(1).column(0).data_page_offset
    raw = bytearray(path.read_bytes())
    raw[4:end] = bytes(end - 4)  # the first group is rubbish now
    path.write_bytes(raw)
    found = list(ParquetSource([path], path).stream(10))
    assert len(found) == 35
    assert [one.content for one in found[:10]] == [None] * 10
    assert [one.content for one in found[10:]] == CELLS[10:]


def test_the_rows_of_a_damaged_group_are_errors_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", CELLS)
    whole = pq.ParquetFile(path).metadata
    first, end = (whole.row_group(group).column(0).data_page_offset for group in (1, 2))
    raw = bytearray(path.read_bytes())
    raw[first:end] = bytes(end - first)
    path.write_bytes(raw)
    found = list(ParquetSource([path], path).stream())
    bad = [row for row, one in enumerate(found) if isinstance(one.content, ImageError)]
    assert bad == list(range(10, 20))
    assert [one.content for one in found[20:]] == CELLS[20:]
    assert {found[row].content.reason for row in bad} == {"damaged"}


def test_cells_may_be_paths_or_what_hugging_face_writes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "1.png").write_bytes(png(1))
    paths = write(tmp_path / "paths.parquet", ["1.png"])
    [one] = ParquetSource([paths], paths, Layout(root=tmp_path / "deep")).stream(1)
    assert one.name == str(tmp_path / "deep" / "1.png")
    assert Path(one.content).read_bytes() == png(1)
    cells: list[object] = [
        {"bytes": png(2), "path": None},
        {"bytes": None, "path": "deep/1.png"},
        None,
    ]
    both = write(tmp_path / "both.parquet", cells)
    inside, outside, nothing = ParquetSource([both], both).stream()
    assert inside.content == png(2)
    assert isinstance(outside.content, Unread)
    assert outside.content.read() == png(1)
    with pytest.raises(ImageError, match="missing"):
        nothing.content.read()


def test_a_table_without_a_column_for_pictures_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"where": ["1.png"]}), path)
    with pytest.raises(DataError, match=r"t\.parquet must have a column image or path"):
        ParquetSource([path], path)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"no table")
    with pytest.raises(DataError, match=r"Cannot read .*t\.parquet as Parquet"):
        ParquetSource([path], path)


def test_only_the_pictures_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    cells: list[object] = [random.bytes(1 << 18) for _ in range(256)]
    path = write(tmp_path / "t.parquet", cells, 256, ballast=cells[::-1])
    pa.default_memory_pool().release_unused()
    before = pa.total_allocated_bytes()
    peak = 0
    for _ in ParquetSource([path], path).stream():
        peak = max(peak, pa.total_allocated_bytes() - before)
    assert peak < 48 << 20  # of 128 MiB
