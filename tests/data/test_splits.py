"""Held-out samples: disjoint, exhaustive, stratified, and a function of key and seed alone."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.data.samples import Samples
from tellapart.data.splits import hold_out
from tellapart.data.stores import FileImages
from tellapart.errors import DataError

NAMES = ("cat", "dog", "fox")

# The sizes of the classes: none, or enough to hold one out.
sizes = st.lists(st.one_of(st.just(0), st.integers(2, 40)), min_size=3, max_size=3).filter(any)
fractions = st.floats(0.01, 0.99)
seeds = st.integers(0, 2**32 - 1)


def samples_of(targets: list[int], keys: list[str] | None = None) -> Samples:
    """Return samples whose files are never opened: only their names count here."""
    keys = keys or [f"{NAMES[target]}/{number}.png" for number, target in enumerate(targets)]
    images = FileImages(Path("/data"), tuple(map(Path, keys)))
    return Samples(images, np.array(targets, np.int64), NAMES, "train")


def in_classes(sizes: list[int]) -> Samples:
    return samples_of([target for target, size in enumerate(sizes) for _ in range(size)])


def keys_of(samples: Samples) -> list[str]:
    return [samples.images.key(index) for index in range(len(samples))]


@settings(deadline=None)
@given(sizes, fractions, seeds)
def test_held_out_samples_never_overlap_the_rest_and_none_is_lost(
    sizes: list[int], fraction: float, seed: int
) -> None:
    samples = in_classes(sizes)
    rest, held = hold_out(samples, fraction, seed, "test")
    assert not set(keys_of(rest)) & set(keys_of(held))
    assert sorted(keys_of(rest) + keys_of(held)) == sorted(keys_of(samples))


@settings(deadline=None)
@given(sizes, fractions, seeds)
def test_each_class_is_held_out_in_proportion_within_one_sample(
    sizes: list[int], fraction: float, seed: int
) -> None:
    rest, held = hold_out(in_classes(sizes), fraction, seed, "test")
    for name, size in zip(NAMES, sizes, strict=True):
        assert abs(held.counts[name] - fraction * size) <= 1
        assert (held.counts[name] >= 1) == (rest.counts[name] >= 1) == (size > 0)


@settings(deadline=None)
@given(sizes, fractions, seeds)
def test_each_sample_keeps_its_class(sizes: list[int], fraction: float, seed: int) -> None:
    for part in hold_out(in_classes(sizes), fraction, seed, "test"):
        assert [key.partition("/")[0] for key in keys_of(part)] == part.labels


@settings(deadline=None)
@given(st.permutations(range(30)), seeds)
def test_the_order_of_the_samples_has_no_say_in_who_is_held_out(
    order: list[int], seed: int
) -> None:
    samples = in_classes([10, 10, 10])
    shuffled = samples.take(np.array(order, np.int64))
    _, held = hold_out(samples, 0.3, seed, "test")
    _, again = hold_out(shuffled, 0.3, seed, "test")
    assert set(keys_of(held)) == set(keys_of(again))


@settings(deadline=None)
@given(seeds)
def test_both_parts_keep_the_old_order(seed: int) -> None:
    samples = in_classes([10, 10, 10])
    position = {key: index for index, key in enumerate(keys_of(samples))}
    for part in hold_out(samples, 0.3, seed, "test"):
        places = [position[key] for key in keys_of(part)]
        assert places == sorted(places)


@settings(deadline=None)
@given(seeds)
def test_other_classes_have_no_say_in_who_is_held_out(seed: int) -> None:
    _, held = hold_out(in_classes([10, 10, 0]), 0.3, seed, "test")
    _, more = hold_out(in_classes([10, 10, 10]), 0.3, seed, "test")
    assert set(keys_of(held)) == {key for key in keys_of(more) if not key.startswith("fox")}


def test_who_is_held_out_never_changes_from_one_version_to_the_next() -> None:
    samples = samples_of([0] * 5 + [1] * 5, list("abcdefghij"))
    _, held = hold_out(samples, 0.4, 7, "test")
    assert keys_of(held) == ["b", "e", "f", "j"]


def test_another_seed_and_another_split_hold_out_others() -> None:
    samples = in_classes([200, 200, 200])
    chosen = [
        frozenset(keys_of(hold_out(samples, 0.5, seed, split)[1]))
        for seed, split in [(0, "test"), (1, "test"), (0, "validation")]
    ]
    assert len(set(chosen)) == 3


def test_the_parts_say_what_they_are() -> None:
    rest, held = hold_out(in_classes([2, 2, 0]), 0.5, 0, "validation")
    assert (rest.split, held.split) == ("train", "validation")
    assert rest.class_names == held.class_names == NAMES


def test_a_class_of_one_picture_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"at least two pictures.*test.*one left of dog") as caught:
        hold_out(in_classes([5, 1, 5]), 0.2, 0, "test")
    assert "Fix: add pictures" in str(caught.value)
    assert caught.value.exit_code == 3
