"""Paths in Parquet name their pictures, however they are stored, read or passed over."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from tellapart.data.parquet_rows import ParquetSource

NAMES = [f"photos/{number}.png" for number in range(6)]
STORED: dict[str, Any] = {
    "text": pa.array(NAMES),
    "long text": pa.array(NAMES, pa.large_string()),
    "a dictionary": pa.array(NAMES).dictionary_encode(),
    "a dictionary of long text": pa.array(NAMES, pa.large_string()).dictionary_encode(),
}
if hasattr(pa, "string_view"):
    STORED["views of text"] = pa.array(NAMES, pa.string_view())


@pytest.mark.parametrize("stored", STORED)
def test_rows_that_are_answered_have_the_names_that_they_had(stored: str, in_tmp: Path) -> None:
    path = in_tmp / "t.parquet"
    pq.write_table(pa.table({"image": STORED[stored]}), path, row_group_size=2)
    source = ParquetSource([path], path)
    names = [str(in_tmp / name) for name in NAMES]
    for start in (0, 2, 4, 6):
        assert [one.name for one in source.stream(start)] == names


def test_a_dictionary_of_pictures_is_passed_over_unread(in_tmp: Path) -> None:
    path = in_tmp / "t.parquet"
    pictures = pa.array([b"a", b"b", b"a", b"c"]).dictionary_encode()
    pq.write_table(pa.table({"image": pictures}), path, row_group_size=2)
    found = list(ParquetSource([path], path).stream(2))
    assert [one.name for one in found] == [f"{path}[{row}]" for row in range(4)]
    assert [one.content for one in found] == [None, None, b"a", b"c"]
