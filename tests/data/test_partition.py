"""How a data set is split for a run: what is its own, what is held out, and what is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.filed import FileImages
from tellapart.data.partition import partition
from tellapart.data.samples import Samples
from tellapart.errors import DataError, RecipeError
from tellapart.recipe import load_recipe
from tellapart.sections import DataSection

NAMES = ("cat", "dog")


def files(count: int, split: str = "train") -> Samples:
    """Return files of two classes in turn, four of one patient each; they are never opened."""
    paths = tuple(Path(f"{NAMES[n % 2]}/p{n // 4}_{split}_{n}.png") for n in range(count))
    return Samples(FileImages(Path("/data"), paths), np.arange(count) % 2, NAMES, split)


def dataset(**splits: Samples) -> Dataset:
    return Dataset("pets", NAMES, splits, "a test")


def test_held_out_files_go_by_their_names_and_the_share_that_came_out_is_told() -> None:
    found = partition(dataset(train=files(1000)), DataSection(), 0)
    sizes = {name: len(samples) for name, samples in found.splits.items()}
    assert sum(sizes.values()) == 1000
    assert 150 < sizes["test"] < 250
    share = sizes["test"] / 1000
    assert f"20% of each class, held out ({share:.1%} came out) by a hash" in found.policy
    assert "adding pictures moves no other one." in found.policy
    assert "20 pictures" not in found.policy


def test_classes_that_are_too_small_for_that_are_named() -> None:
    found = partition(dataset(train=files(30)), DataSection(validation="test"), 0)
    assert "save in classes of fewer than 20 pictures (cat, dog)" in found.policy
    assert [len(samples) for samples in found.splits.values()] == [24, 6]


def test_arrays_keep_their_exact_shares() -> None:
    data = from_arrays({"train": (np.zeros((1000, 2, 2), np.uint8), np.arange(1000) % 2)})
    found = partition(data, DataSection(), 0)
    assert [len(samples) for samples in found.splits.values()] == [720, 80, 200]
    assert "came out" not in found.policy


def test_a_pattern_in_the_recipe_keeps_groups_on_one_side() -> None:
    section = DataSection(group_from=r"/(p\d+)_")
    found = partition(dataset(train=files(800)), section, 0)
    groups = [set(samples.groups or ()) for samples in found.splits.values()]
    assert all(len(part) > 5 for part in groups)
    assert len(set.union(*groups)) == sum(map(len, groups)) == 200
    assert "a hash of each group's name" in found.policy
    assert "no group is on both sides" in found.policy


def test_near_duplicates_that_are_handed_in_stay_together_in_every_part() -> None:
    clusters = np.arange(400) // 8
    found = partition(dataset(train=files(400)), DataSection(), 0, clusters)
    place = {key: number for number, key in enumerate(files(400).keys)}
    parts = [{clusters[place[key]] for key in part.keys} for part in found.splits.values()]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 50


def test_splits_of_its_own_are_kept_and_groups_in_two_of_them_told() -> None:
    data = dataset(train=files(40), test=files(8, "test"))
    found = partition(data, DataSection(group_from=r"/(p\d+)_"), 0)
    assert found.splits["test"].keys == data.test.keys
    assert "train and test share groups, so the scores flatter: p0, p1." in found.policy
    assert "The test images are the data set's own." in found.policy


def test_groups_of_the_source_are_kept_without_a_pattern() -> None:
    groups = tuple(f"video {number // 10}" for number in range(400))
    found = partition(dataset(train=replace(files(400), groups=groups)), DataSection(), 3)
    parts = [set(samples.groups or ()) for samples in found.splits.values()]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 40


def test_a_pattern_that_finds_nothing_or_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="must find a group.*'fox'.*first is 'cat/p0_train_0.png'"):
        partition(dataset(train=files(40)), DataSection(group_from="fox"), 0)
    with pytest.raises(RecipeError, match=r"`data\.group_from` must be a regular expression.*'\('"):
        load_recipe("guide", {"data.group_from": "("})


def test_the_new_fields_of_a_recipe_change_nothing_by_default() -> None:
    assert DataSection() == DataSection(group_from="", near_duplicates="ignore")
    with pytest.raises(
        RecipeError, match=r"`data\.near_duplicates` must be 'together' or 'ignore'"
    ):
        load_recipe("guide", {"data.near_duplicates": "apart"})
