"""A data set in folds: every sample in one, groups and copies in one, mistakes said early."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset, Fold
from tellapart.data.folded import FoldedDataset, fold_dataset
from tellapart.data.folder import from_folder
from tellapart.data.partition import partition
from tellapart.errors import DataError, UsageError
from tellapart.recipe import load_recipe

RECIPE = load_recipe("guide-holdout")


def blank(labels: list[int], **more: list[int]) -> Dataset:
    splits = {name: (np.zeros((len(y), 28, 28), np.uint8), y) for name, y in more.items()}
    return from_arrays({"train": (np.zeros((len(labels), 28, 28), np.uint8), labels), **splits})


def grouped(data: Dataset, groups: list[str]) -> Dataset:
    return replace(data, splits={**data.splits, "train": replace(data.train, groups=tuple(groups))})


def held_out(folded: FoldedDataset) -> list[str]:
    count = len(folded.members)
    return [key for number in range(1, count + 1) for key in folded.fold(number).test.keys]


@given(
    labels=st.lists(st.integers(0, 2), min_size=30, max_size=80),
    count=st.integers(2, 5),
    patients=st.integers(12, 20),
)
def test_every_sample_is_tested_once_and_no_group_straddles_any_split(
    labels: list[int], count: int, patients: int
) -> None:
    labels = [*range(3), *range(3), *labels]
    groups = [f"patient{i % patients}" for i in range(len(labels))]
    data = grouped(blank(labels), groups)
    try:
        folded = fold_dataset(data, RECIPE, count)
    except DataError:
        return  # a class of one group cannot be in two parts
    assert sorted(held_out(folded), key=int) == [str(i) for i in range(len(labels))]
    for number in range(1, count + 1):
        splits = partition(folded.fold(number), RECIPE.data, 0).splits
        sides = [set(samples.groups or ()) for samples in splits.values()]
        assert len(set.union(*sides)) == sum(map(len, sides))


def test_near_duplicates_are_in_one_fold() -> None:
    data = blank([0, 1] * 20)
    clusters = np.arange(40) // 4
    folded = fold_dataset(data, RECIPE, 3, clusters=clusters)
    fold_of = np.zeros(40, np.int64)
    for number, held in enumerate(folded.members):
        fold_of[held] = number
    for cluster in range(10):
        assert len(set(fold_of[clusters == cluster])) == 1


def test_the_recipes_group_is_found_before_the_folds_are_made(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(24):
            Image.new("L", (8, 8), number).save(tmp_path / name / f"{number % 6}_{number}.png")
    recipe = load_recipe("guide-holdout", {"data.group_from": r"/(\d)_"})
    folded = fold_dataset(from_folder(tmp_path), recipe, 3)
    for held in folded.members:
        inside = {(folded.samples.groups or ())[i] for i in held}
        rest = np.setdiff1d(np.arange(48), held)
        assert not inside & {(folded.samples.groups or ())[i] for i in rest}


def test_the_data_sets_own_test_images_are_left_out_and_its_validation_images_kept() -> None:
    data = blank([0, 1] * 10, test=[0, 1], validation=[1, 0, 1])
    folded = fold_dataset(data, RECIPE, 4)
    for number in range(1, 5):
        fold = folded.fold(number)
        assert fold.fold == Fold(number, 4)
        assert fold.splits["validation"] is data.splits["validation"]
        assert len(fold.train) + len(fold.test) == 20
        policy = partition(fold, RECIPE.data, 0).policy
        assert policy.startswith(f"The test images are fold {number} of 4 of the training images.")


def test_every_file_is_accounted_for_in_each_fold(tmp_path: Path) -> None:
    for split, count in (("train", 12), ("test", 3)):
        for name in ("cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
            for number in range(count):
                path = tmp_path / split / name / f"{number}.png"
                Image.new("L", (8, 8), number).save(path)
    (tmp_path / "train" / "cat" / "3.png").write_bytes(b"no picture")
    (tmp_path / "train" / "notes.txt").write_text("mine", "utf-8")
    fold = fold_dataset(from_folder(tmp_path), RECIPE, 3).fold(1)
    files = [fold.train.images.name(i) for i in range(len(fold.train))]
    files += [fold.test.images.name(i) for i in range(len(fold.test))]
    files += [entry.file for entry in fold.unused]
    assert sorted(files) == sorted(str(path) for path in tmp_path.rglob("*") if path.is_file())
    reasons = {entry.file: entry.reason for entry in fold.unused}
    assert reasons[str(tmp_path / "train" / "cat" / "3.png")] == "unknown-format"
    assert reasons[str(tmp_path / "test" / "dog" / "0.png")] == "split-left-out"


def test_another_key_another_picture_or_another_seed_is_another_fingerprint() -> None:
    data = blank([0, 1] * 10)
    found = fold_dataset(data, RECIPE, 4).fingerprint
    assert fold_dataset(blank([0, 1] * 10), RECIPE, 4).fingerprint == found
    other_seed = RECIPE.model_copy(update={"seed": 1})
    assert fold_dataset(data, other_seed, 4).fingerprint != found
    assert fold_dataset(data, RECIPE, 5).fingerprint != found
    pixels = np.zeros((20, 28, 28), np.uint8)
    pixels[3, 0, 0] = 1
    changed = from_arrays({"train": (pixels, [0, 1] * 10)})
    assert fold_dataset(changed, RECIPE, 4).fingerprint != found


def test_one_fold_is_refused() -> None:
    with pytest.raises(UsageError, match="at least 2 folds. Received: 1"):
        fold_dataset(blank([0, 1] * 10), RECIPE, 1)


def test_a_class_of_one_group_is_refused_by_name() -> None:
    data = grouped(blank([0, 1] * 10), [f"p{i // 2 if i % 2 else 'only'}" for i in range(20)])
    with pytest.raises(DataError, match="Received: all of 0 in fold"):
        fold_dataset(data, RECIPE, 3)
