"""Groups: found in paths, merged with clusters, and told where they straddle splits."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.data.filed import FileImages
from tellapart.data.groups import find_in, group_splits, keep_together, straddling, unit_names
from tellapart.data.samples import Samples
from tellapart.errors import DataError

NAMES = ("cat", "dog")


def samples_of(keys: list[str], groups: list[str] | None = None) -> Samples:
    images = FileImages(Path("/data"), tuple(map(Path, keys)))
    found = None if groups is None else tuple(groups)
    return Samples(images, np.arange(len(keys)) % 2, NAMES, "train", found)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [(r"p\d+", "p07"), (r"p(\d+)_", "07"), (r"fox", ""), (r"p07(x)?", ""), (r"^[^/]+", "cat")],
)
def test_a_group_is_the_first_bracket_or_the_whole_match(pattern: str, found: str) -> None:
    assert find_in(re.compile(pattern), "cat/p07_3.png") == found


def test_what_clusters_and_groups_join_is_one_group_called_after_its_first() -> None:
    samples = samples_of(list("abcdef"), ["p2", "", "p1", "", "", ""])
    merged = keep_together(samples, np.array([4, 4, 4, -1, 9, 9]))
    assert merged.groups == ("p1", "p1", "p1", "", "e", "e")
    assert unit_names(merged) == ["p1", "p1", "p1", "d", "e", "e"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "p", "q", "r"]), st.integers(-1, 5)), min_size=1))
def test_two_samples_are_joined_only_through_a_chain_of_groups_and_clusters(
    rows: list[tuple[str, int]],
) -> None:
    keys = [f"{number}.png" for number in range(len(rows))]
    clusters = np.array([cluster for _, cluster in rows])
    names = unit_names(keep_together(samples_of(keys, [group for group, _ in rows]), clusters))
    reached = np.eye(len(rows), dtype=bool)
    for a, (group, cluster) in enumerate(rows):
        for b, (other, same) in enumerate(rows):
            reached[a, b] |= (group == other != "") or (cluster == same >= 0)
    for middle in range(len(rows)):  # S. Warshall, A Theorem on Boolean Matrices, 1962
        reached |= np.outer(reached[:, middle], reached[middle])
    assert [[one == two for one in names] for two in names] == reached.tolist()


def test_splits_that_share_groups_are_told_and_others_not() -> None:
    splits = {
        "train": samples_of(list("abcdefgh"), [f"p{n}" for n in range(8)]),
        "validation": samples_of(["i"], ["p9"]),
        "test": samples_of(list("jklmnopq"), [*(f"p{n}" for n in range(7)), ""]),
    }
    [line] = straddling(splits)
    assert line == (
        "train and test share groups, so the scores flatter: p0, p1, p2, p3, p4 and 2 more."
    )
    assert straddling({name: replace(part, groups=None) for name, part in splits.items()}) == ()


def test_a_pattern_may_find_groups_in_one_split_only() -> None:
    splits = {"train": samples_of(["p1_a.png", "b.png"]), "test": samples_of(["c.png"])}
    grouped = group_splits(splits, r"^(p\d)_")
    assert [part.groups for part in grouped.values()] == [("p1", ""), ("",)]
    with pytest.raises(DataError, match="finds nothing in any of them; the first is 'p1_a.png'"):
        group_splits(splits, "patient")
