"""From a data set to the arrays of one run: split, decoded, accounted for, fingerprinted."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from PIL import Image

from tellapart.data.arrays import from_arrays
from tellapart.data.dataset import Dataset
from tellapart.data.folder import from_folder
from tellapart.data.prepare import prepare
from tellapart.data.rows import Rows
from tellapart.data.sources import open_dataset
from tellapart.errors import DataError
from tellapart.recipe import Recipe, load_recipe

GUIDE = load_recipe("guide")
HOLDOUT = load_recipe("guide", {"data.validation": "holdout", "fit.keep": "best"})


def pictures(count: int, first: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return pictures as bright as their position, of two classes in turn."""
    levels = np.arange(first, first + count, dtype=np.uint8)
    pixels = np.broadcast_to(levels[:, None, None], (count, 28, 28)).copy()
    return pixels, np.arange(count, dtype=np.int64) % 2


def levels_of(pixels: NDArray[np.uint8] | Rows) -> list[int]:
    return [int(level) for level in np.asarray(pixels)[:, 0, 0, 0]]


def make_folder(root: Path, count: int = 20) -> Path:
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.new("L", (28, 28), number).save(root / name / f"{number:02}.png")
    return root


def test_the_guides_way_draws_the_curve_from_the_test_images() -> None:
    data = from_arrays({"train": pictures(40), "test": pictures(10, 100)})
    prepared = prepare(data, GUIDE)
    assert prepared.validation is prepared.test
    assert levels_of(prepared.train.pixels) == list(range(40))
    assert levels_of(prepared.test.pixels) == list(range(100, 110))
    assert prepared.test.targets.tolist() == [0, 1] * 5
    assert "the data set's own" in prepared.policy
    assert "nothing is chosen by it" in prepared.policy


def test_a_held_out_validation_split_comes_out_of_the_training_images() -> None:
    data = from_arrays({"train": pictures(40), "test": pictures(10, 100)})
    prepared = prepare(data, HOLDOUT)
    train, held = levels_of(prepared.train.pixels), levels_of(prepared.validation.pixels)
    assert sorted(train + held) == list(range(40))
    assert np.bincount(prepared.validation.targets).tolist() == [2, 2]
    assert prepared.validation.targets.tolist() == [level % 2 for level in held]
    assert levels_of(prepared.test.pixels) == list(range(100, 110))
    assert "10% of each class of the training images" in prepared.policy
    assert "looked at once" in prepared.policy


def test_a_validation_split_of_its_own_is_used_where_there_is_one() -> None:
    splits = {"train": pictures(20), "validation": pictures(6, 50), "test": pictures(4, 100)}
    prepared = prepare(from_arrays(splits), HOLDOUT)
    assert levels_of(prepared.train.pixels) == list(range(20))
    assert levels_of(prepared.validation.pixels) == list(range(50, 56))
    assert "The validation images are the data set's own." in prepared.policy


@pytest.mark.parametrize("recipe", [GUIDE, HOLDOUT], ids=["guide", "holdout"])
def test_without_a_test_split_one_is_held_out(recipe: Recipe) -> None:
    prepared = prepare(from_arrays({"train": pictures(100)}), recipe)
    parts = {id(part): part for part in (prepared.train, prepared.validation, prepared.test)}
    levels = [level for part in parts.values() for level in levels_of(part.pixels)]
    assert sorted(levels) == list(range(100))
    assert np.bincount(prepared.test.targets).tolist() == [10, 10]
    assert "20% of each class, held out" in prepared.policy


def test_the_test_images_stay_the_same_whatever_the_validation_is() -> None:
    data = from_arrays({"train": pictures(100)})
    held = [levels_of(prepare(data, recipe).test.pixels) for recipe in (GUIDE, HOLDOUT)]
    assert held[0] == held[1]


def test_a_class_too_small_to_hold_two_out_is_refused_by_name() -> None:
    pixels, _ = pictures(22)
    targets = np.array([0] * 20 + [1] * 2)
    data = from_arrays({"train": (pixels, targets)}, ["cat", "lynx"])
    with pytest.raises(DataError, match="when the validation images are held.*one left of lynx"):
        prepare(data, HOLDOUT)


def test_an_unreadable_picture_is_skipped_and_named(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets")
    (root / "cat" / "07.png").write_bytes(b"not a picture")
    prepared = prepare(from_folder(root), GUIDE)
    assert [error.name for error in prepared.skipped] == [str(root / "cat" / "07.png")]
    assert prepared.skipped[0].reason == "unknown-format"
    assert len(prepared.train) + len(prepared.test) == 39
    both = zip(
        [*levels_of(prepared.train.pixels), *levels_of(prepared.test.pixels)],
        [*prepared.train.targets.tolist(), *prepared.test.targets.tolist()],
        strict=True,
    )
    expected = {(number, target) for number in range(20) for target in (0, 1)} - {(7, 0)}
    assert set(both) == expected


def test_strictness_refuses_with_the_list_of_unreadable_pictures(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets")
    for number in range(12):
        (root / "dog" / f"{number:02}.png").write_bytes(b"")
    with pytest.raises(DataError, match="^12 pictures cannot be read:") as caught:
        prepare(from_folder(root), GUIDE, strict=True)
    lines = str(caught.value).splitlines()
    assert len(lines) == 12
    assert all(f"{root / 'dog'}/" in line and "(empty)" in line for line in lines[1:11])
    assert lines[11] == "  … and 2 more"
    assert caught.value.exit_code == 3


def test_one_unreadable_picture_is_counted_in_good_english(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets")
    (root / "dog" / "03.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"^1 picture cannot be read:\n  - Cannot read .*03\.png"):
        prepare(from_folder(root), GUIDE, strict=True)


def test_where_nothing_can_be_read_training_is_refused(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets", 5)
    for path in root.glob("*/*.png"):
        path.write_bytes(b"junk")
    with pytest.raises(DataError, match="No picture of the train split could be read. 10 pictures"):
        prepare(from_folder(root), GUIDE)


def test_repairs_are_counted_over_all_splits(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets", 10)
    for name in ("cat/00.png", "cat/01.png", "dog/05.png"):
        Image.new("RGBA", (28, 28), (0, 0, 0, 0)).save(root / name)
    prepared = prepare(from_folder(root), GUIDE)
    assert prepared.repairs == {"transparent parts laid over grey level 0": 3}


def changed_in(what: str) -> Dataset:
    """Return a small data set that differs from the others in one thing only."""
    pixels, targets = pictures(20)
    names = ["cat", "dog"]
    if what == "one pixel":
        pixels[-1, 27, 27] ^= 1
    if what == "one label":
        targets[3] = 0
    if what == "a name":
        names[1] = "Dog"
    return from_arrays({"train": (pixels, targets), "test": pictures(4, 100)}, names, name=what)


def test_the_fingerprint_tells_any_other_data_apart_and_nothing_else() -> None:
    kinds = ("nothing", "one pixel", "one label", "a name")
    found = [prepare(changed_in(what), GUIDE).fingerprint for what in kinds]
    assert len(set(found)) == len(kinds)
    assert all(len(bytes.fromhex(fingerprint)) == 32 for fingerprint in found)
    assert prepare(changed_in("only what it is called"), GUIDE).fingerprint == found[0]


def test_some_samples_of_a_part_are_from_all_over_it_with_their_targets() -> None:
    whole = prepare(changed_in("nothing"), GUIDE).train
    part = whole.spread(3)
    places = [0, len(whole) // 3, 2 * len(whole) // 3]
    assert levels_of(part.pixels) == [levels_of(whole.pixels)[place] for place in places]
    assert part.targets.tolist() == whole.targets[places].tolist()
    assert whole.spread(len(whole)) is whole


def test_some_of_the_pictures_of_a_folder_are_of_every_class(tmp_path: Path) -> None:
    whole = prepare(open_dataset(make_folder(tmp_path / "pets")), HOLDOUT).train
    assert set(whole.spread(4).targets.tolist()) == set(whole.targets.tolist())


def test_near_duplicates_are_decoded_into_one_part() -> None:
    data = from_arrays({"train": pictures(100)})
    clusters = np.arange(100) // 5
    prepared = prepare(data, HOLDOUT, clusters=clusters)
    parts = [
        {level // 5 for level in levels_of(part.pixels)}
        for part in (prepared.train, prepared.validation, prepared.test)
    ]
    assert sorted(set.union(*parts)) == list(range(20))
    assert sum(map(len, parts)) == 20


def test_pictures_in_parquet_are_prepared_as_files_are(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets")
    paths = sorted(root.glob("*/*.png"))
    rows = [{"image": path.read_bytes(), "label": path.parent.name} for path in paths]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pets.parquet")
    prepared = prepare(open_dataset(tmp_path / "pets.parquet"), HOLDOUT)
    parts = (prepared.train, prepared.validation, prepared.test)
    found = [
        (level, target)
        for part in parts
        for level, target in zip(levels_of(part.pixels), part.targets.tolist(), strict=True)
    ]
    assert sorted(found) == [(level, target) for level in range(20) for target in (0, 1)]
    assert prepared.ledger.counts["used"] == 40


def test_the_real_data_is_prepared_whole(fashion: Dataset) -> None:
    prepared = prepare(fashion, HOLDOUT)
    assert [len(part) for part in (prepared.train, prepared.validation, prepared.test)] == [
        *(54_000, 6_000, 10_000)
    ]
    assert set(np.bincount(prepared.validation.targets).tolist()) == {600}
