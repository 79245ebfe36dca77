"""Corrections of labels: they change the pictures that they name, and nothing else."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tellapart
from tellapart.data.arrays import from_arrays
from tellapart.data.contents import Contents
from tellapart.data.corrections import correct_labels
from tellapart.data.dataset import Dataset
from tellapart.data.encoded import BytesImages
from tellapart.data.patch import Correction, LabelPatch, parse_patch, patch_to_csv
from tellapart.data.prepare import prepare
from tellapart.data.samples import Samples
from tellapart.errors import DataError
from tellapart.recipe import load_recipe

NAMES = ("ant", "bee", "cow")
SMALL = {"image.height": 8, "image.width": 8, "image.channels": 1}


def _data(counts: dict[str, int]) -> Dataset:
    generator = np.random.default_rng(0)
    splits = {
        split: (generator.integers(0, 256, (n, 8, 8), np.uint8), np.arange(n) % 3)
        for split, n in counts.items()
    }
    return from_arrays(splits, NAMES)


def _patch(*rows: tuple[str, str, str, str]) -> LabelPatch:
    return parse_patch(patch_to_csv(Correction(*row) for row in rows), "p.csv")


@st.composite
def _decisions(draw: st.DrawFn) -> dict[int, tuple[int, str]]:
    chosen = draw(st.sets(st.integers(0, 29), max_size=12))
    one = st.tuples(st.integers(0, 2), st.sampled_from(["relabel", "keep", ""]))
    return {index: draw(one) for index in chosen}


@given(_decisions())
def test_only_named_pictures_change_to_what_is_said_and_twice_is_once(
    decided: dict[int, tuple[int, str]],
) -> None:
    data = _data({"train": 30, "test": 9})
    patch = _patch(
        *((str(i), NAMES[i % 3], NAMES[label], what) for i, (label, what) in decided.items())
    )
    found, record = correct_labels(data, patch)
    expected = np.arange(30) % 3
    for index, (label, what) in decided.items():
        expected[index] = label if what == "relabel" else expected[index]
    assert found.train.targets.tolist() == expected.tolist()
    assert found.test.targets.tolist() == data.test.targets.tolist()
    assert data.train.targets.tolist() == (np.arange(30) % 3).tolist()
    assert record.relabelled == (expected != np.arange(30) % 3).sum()
    again, record = correct_labels(found, patch)
    assert again.train.targets.tolist() == expected.tolist()
    assert record.relabelled == 0


@given(st.sets(st.integers(0, 29), max_size=20))
def test_dropped_pictures_are_gone_and_the_others_stay_in_order(gone: set[int]) -> None:
    data = _data({"train": 30})
    patch = _patch(*((str(i), NAMES[i % 3], "", "drop") for i in gone))
    found, record = correct_labels(data, patch)
    assert found.train.keys == [str(i) for i in range(30) if i not in gone]
    assert found.train.targets.tolist() == [i % 3 for i in range(30) if i not in gone]
    assert record.dropped == len(gone)
    assert [entry.reason for entry in found.unused] == ["dropped"] * len(gone)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("77", "ant", "bee", "relabel"), "Line 3 of p.csv must name a picture.*'77'"),
        (("3", "cow", "bee", "relabel"), "Line 3 .* has in the data, 'ant'. Received: 'cow'"),
        (("3", "ant", "beee", "relabel"), "Line 3 .* name a class.*Did you mean 'bee'"),
        (("3", "bird", "bee", "keep"), "Line 3 .* name a class of arrays. Received: 'bird'"),
        (("test[1]", "bee", "ant", "relabel"), "Line 3 .* must not decide about a test image"),
    ],
)
def test_a_row_that_does_not_fit_the_data_is_one_error_with_its_line(
    row: tuple[str, str, str, str], said: str
) -> None:
    patch = _patch(("1", "bee", "ant", "relabel"), row)
    with pytest.raises(DataError, match=said):
        correct_labels(_data({"train": 9, "test": 6}), patch)


def test_a_place_in_an_array_names_a_training_image_and_one_with_its_split_that_one() -> None:
    data = _data({"train": 9, "validation": 9, "test": 9})
    patch = _patch(("4", "bee", "ant", "relabel"), ("validation[5]", "cow", "ant", "relabel"))
    found, _ = correct_labels(data, patch)
    assert found.train.targets.tolist() == [0, 1, 2, 0, 0, 2, 0, 1, 2]
    assert found.validation.targets.tolist() == [0, 1, 2, 0, 1, 0, 0, 1, 2]
    assert found.test.targets.tolist() == data.test.targets.tolist()


def test_corrections_move_no_picture_to_another_part_and_change_no_test_label() -> None:
    data = _data({"train": 120})
    every_ant = _patch(*((str(i), "ant", "bee", "relabel") for i in range(0, 120, 3)))
    recipe = load_recipe("guide-holdout", SMALL)
    before, after = prepare(data, recipe), prepare(replace(data, patch=every_ant), recipe)
    for split in ("train", "validation", "test"):
        assert before.decoded[split][0].keys == after.decoded[split][0].keys
    assert np.array_equal(before.test.targets, after.test.targets)
    assert 0 not in after.train.targets
    assert 0 not in after.validation.targets
    ants = int((before.test.targets == 0).sum())
    assert after.corrections is not None
    assert after.corrections.in_test == ants > 0
    assert after.corrections.relabelled == 40 - ants
    assert f"{ants} more keep their label, since they are test images" in after.policy
    assert before.fingerprint != after.fingerprint


def test_a_split_that_the_recipe_does_not_use_may_be_named() -> None:
    data = _data({"train": 60, "validation": 9, "test": 9})
    patch = _patch(("validation[2]", "cow", "ant", "relabel"))
    found = prepare(replace(data, patch=patch), load_recipe("guide", SMALL))
    assert found.corrections is not None
    assert found.corrections.left_out == 1
    assert found.corrections.relabelled == 0


def _files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def to_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _write(root: Path, names: list[str]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (len(names), 8, 8), np.uint8)
    for name, picture in zip(names, pixels, strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / name)


@pytest.mark.parametrize("kind", ["folder", "table"])
def test_pictures_in_files_are_named_by_their_path_and_stay_as_they_are(
    kind: str, tmp_path: Path
) -> None:
    names = [f"{label}/{i:02}.png" for label in ("ant", "bee") for i in range(20)]
    _write(tmp_path / "zoo", names)
    rows = [f"zoo/{name},{name[:3]}" for name in names]
    (tmp_path / "zoo.csv").write_text("\n".join(["path,label", *rows]), "utf-8")
    before = _files(tmp_path)
    source: Any = tmp_path / ("zoo" if kind == "folder" else "zoo.csv")
    prefix = "" if kind == "folder" else "zoo/"
    data = tellapart.load(source, quiet=True)
    patch = _patch(
        (f"{prefix}ant/03.png", "ant", "bee", "relabel"), (f"{prefix}bee/07.png", "bee", "", "drop")
    )
    found = prepare(replace(data, patch=patch), load_recipe("guide-holdout", SMALL))
    ledger = {entry.file: entry for entry in found.ledger.entries}
    assert len(ledger) == len(names)
    record = found.corrections
    assert record is not None
    assert record.relabelled + record.dropped + record.in_test == 2
    assert found.ledger.counts["skipped"] == record.dropped
    assert _files(tmp_path) == before


def test_copies_with_one_key_are_corrected_together_and_other_labels_stay() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8), np.uint8)
    contents = [to_png(picture) for picture in pixels]
    pairs = [(contents[i % 3], label) for i, label in enumerate("abbaab")]
    data = tellapart.load(pairs, quiet=True)
    key = data.train.keys[0]
    assert data.train.keys[3] == key
    found, record = correct_labels(data, _patch((key, "a", "b", "relabel")))
    assert found.train.labels == list("bbbbab")
    assert record.relabelled == 2


def test_a_training_picture_with_a_copy_in_the_test_split_is_corrected_and_the_copy_is_not() -> (
    None
):
    generator = np.random.default_rng(0)
    contents = [to_png(generator.integers(0, 256, (8, 8), np.uint8)) for _ in range(4)]
    parts = {"train": [0, 1, 2, 3], "test": [2, 0]}
    splits = {
        split: Samples(
            BytesImages(Contents([contents[i] for i in places]), split),
            np.array([i % 2 for i in places]),
            ("a", "b"),
            split,
        )
        for split, places in parts.items()
    }
    data = Dataset("leaky", ("a", "b"), splits, "bytes")
    key = data.train.keys[2]
    found, record = correct_labels(data, _patch((key, "a", "b", "relabel")))
    assert found.train.labels == list("abbb")
    assert found.test.labels == list("aa")
    assert (record.relabelled, record.in_test) == (1, 1)
