"""The file of corrections: what it may say, and what is said of one that says nothing sensible."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.data.patch import Correction, parse_patch, patch_to_csv, read_patch
from tellapart.errors import DataError

HEAD = b"image,given,label,decision\n"
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(min_size=1, max_size=12)


@given(
    st.lists(
        st.builds(
            Correction, names, words, names, st.sampled_from(["", "relabel", "keep", "drop"])
        ),
        unique_by=lambda row: (row.image, row.given),
    )
)
def test_any_names_come_back_as_they_were_written(rows: list[Correction]) -> None:
    found = parse_patch(patch_to_csv(rows), "p.csv").rows
    assert [(r.image, r.given, r.label, r.decision) for r in found] == [
        (r.image, r.given, r.label, r.decision) for r in rows
    ]


def test_what_a_spreadsheet_makes_of_it_is_read() -> None:
    raw = "\ufeffnote;decision;label;given;image\r\nsure; Relabel ;dog;cat;a.png\r\n".encode()
    row = parse_patch(raw, "p.csv").rows[0]
    assert (row.image, row.given, row.label, row.decision) == ("a.png", "cat", "dog", "relabel")
    assert row.line == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (b"a.png,cat,dog,relable\n", "Line 2 of p.csv must decide .* Did you mean 'relabel'"),
        (b"a.png,cat,dog,keep\nb.png,cat,,relabel\n", "Line 3 of p.csv must say the new label"),
        (b"a.png,cat,dog,\nb.png,cat,dog,\na.png,cat,,drop\n", "Line 4 .* than line 2"),
        (b"a.png,cat\n", "4 cells. Received: 2 in line 2"),
    ],
)
def test_a_row_that_says_nothing_sensible_is_named_by_its_line(rows: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        parse_patch(HEAD + rows, "p.csv")


def test_other_columns_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must have the columns image, given, label, decision"):
        parse_patch(b"file,class\n", "p.csv")
    with pytest.raises(DataError, match="tellapart review DATA"):
        read_patch(tmp_path / "nowhere.csv")
