"""The IDX format: every array comes back, and any other bytes are refused."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from tellapart.data.idx import parse_idx, read_content
from tellapart.errors import DataError

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}

arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda kind: hnp.arrays(f">{kind}", hnp.array_shapes(max_dims=4, max_side=4))
)


def as_idx(array: NDArray[np.generic]) -> bytes:
    """Return an array as the IDX format has it."""
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim])
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@settings(deadline=None)
@given(arrays)
def test_every_array_comes_back_from_its_idx_bytes(array: NDArray[np.generic]) -> None:
    found = parse_idx(as_idx(array), "file")
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert found.tobytes() == array.tobytes()


def parsed_or_refused(content: bytes) -> NDArray[np.generic] | DataError:
    try:
        return parse_idx(content, "odd-file")
    except DataError as error:
        return error


def headed(code: int, dimensions: int, rest: bytes) -> bytes:
    return bytes([0, 0, code, dimensions]) + rest


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=64),
        st.builds(
            headed,
            st.sampled_from(sorted(CODES.values())),
            st.integers(0, 255),
            st.lists(st.sampled_from([b"\0", b"\0\0\0\1", b"\xff"]), max_size=300).map(b"".join),
        ),
    )
)
def test_any_bytes_are_an_array_or_a_data_error(content: bytes) -> None:
    found = parsed_or_refused(content)
    if isinstance(found, DataError):
        assert str(found).startswith("odd-file ")
    else:
        assert as_idx(found) == content


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not an IDX file"),
        (b"PNG!", "not an IDX file"),
        (b"\0\0\7\1", "not an IDX file"),
        (b"\0\0\x08\2\0\0\0\1\0\0", "ends within its header"),
        (b"\0\0\x08\1\0\0\0\3ab", r"length does not fit its header \(3,\)"),
        (b"\0\0\x08\1\0\0\0\3abcd", r"length does not fit its header \(3,\)"),
        (headed(8, 80, b"\0\0\0\1" * 80 + b"x"), "no array can have"),
        (headed(8, 4, b"\0" * 4 + b"\xff" * 12), "no array can have"),
    ],
)
def test_a_damaged_file_is_refused_by_name_and_reason(content: bytes, what: str) -> None:
    with pytest.raises(DataError, match=f"t10k-labels .*{what}"):
        parse_idx(content, "t10k-labels")


def test_gzip_and_plain_files_have_the_same_content(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"pixels")
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b"pixels"))
    assert read_content(tmp_path / "plain") == read_content(tmp_path / "packed.gz") == b"pixels"


def damaged_within(packed: bytes) -> bytes:
    """Return a gzip file whose compressed part is damaged."""
    return packed[:10] + b"\xff" * 8 + packed[18:]


@pytest.mark.parametrize("length", [2, 9, 15, 20, 30])
def test_a_gzip_file_that_was_cut_short_is_refused_by_name(tmp_path: Path, length: int) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(bytes(range(200)))[:length])
    with pytest.raises(DataError, match=r"Cannot read .*cut\.gz") as caught:
        read_content(path)
    assert caught.value.exit_code == 3


def test_a_gzip_file_that_is_damaged_or_missing_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "odd.gz"
    path.write_bytes(damaged_within(gzip.compress(bytes(range(200)))))
    with pytest.raises(DataError, match=r"Cannot read .*odd\.gz"):
        read_content(path)
    with pytest.raises(DataError, match=r"Cannot read .*none\.gz: .*No such file"):
        read_content(tmp_path / "none.gz")
