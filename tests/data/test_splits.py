"""Held-out samples: disjoint, exhaustive, stratified, and a function of key and seed alone."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tellapart.data.filed import FileImages
from tellapart.data.groups import keep_together, unit_names
from tellapart.data.samples import Samples
from tellapart.data.splits import FEWEST_BY_HASH, folds, hold_out, small_classes
from tellapart.data.stores import ArrayImages
from tellapart.errors import DataError, UsageError

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


def numbered(sizes: list[int]) -> Samples:
    """Return samples whose names say nothing of how many there are before them."""
    pairs = [(target, number) for target, size in enumerate(sizes) for number in range(size)]
    keys = [f"{NAMES[target]}/{number}.png" for target, number in pairs]
    return samples_of([target for target, _ in pairs], keys)


def keys_of(samples: Samples) -> list[str]:
    return [samples.images.key(index) for index in range(len(samples))]


def in_groups(targets: list[int], groups: list[str]) -> Samples:
    return replace(samples_of(targets), groups=tuple(groups))


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
def test_each_class_is_held_out_in_proportion(sizes: list[int], fraction: float, seed: int) -> None:
    rest, held = hold_out(in_classes(sizes), fraction, seed, "test")
    for name, size in zip(NAMES, sizes, strict=True):
        spread = math.sqrt(size * fraction * (1 - fraction))  # of a binomial count
        bound = 1 if size < FEWEST_BY_HASH else 2 + 6 * spread
        assert abs(held.counts[name] - fraction * size) <= bound
        assert (held.counts[name] >= 1) == (rest.counts[name] >= 1) == (size > 0)


@settings(deadline=None)
@given(sizes, fractions, seeds)
def test_arrays_whose_samples_have_no_names_give_the_exact_share(
    sizes: list[int], fraction: float, seed: int
) -> None:
    targets = in_classes([4 * size for size in sizes]).targets
    images = ArrayImages(np.zeros((len(targets), 1, 1, 1), np.uint8), "train images")
    _, held = hold_out(Samples(images, targets, NAMES, "train"), fraction, seed, "test")
    for name, size in zip(NAMES, sizes, strict=True):
        assert abs(held.counts[name] - fraction * 4 * size) <= 1


@settings(deadline=None)
@given(st.integers(60, 120), st.integers(1, 100), st.floats(0.1, 0.9), seeds)
def test_pictures_that_come_later_move_none_of_the_old_ones(
    before: int, more: int, fraction: float, seed: int
) -> None:
    old, new = numbered([before, before, 0]), numbered([before + more, before, 30])
    sides = [
        {key: part.split for part in hold_out(samples, fraction, seed, "test") for key in part.keys}
        for samples in (old, new)
    ]
    assert sides[0] == {key: sides[1][key] for key in sides[0]}


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


# Samples of three classes, each in one of twelve groups or in none.
grouped = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=40, max_size=150).map(
    lambda rows: ([c for c, _ in rows], [f"patient {g}" if g else "" for _, g in rows])
)


@settings(deadline=None)
@given(grouped, st.floats(0.1, 0.5), seeds)
def test_no_group_is_on_both_sides_and_every_class_is(
    rows: tuple[list[int], list[str]], fraction: float, seed: int
) -> None:
    samples = in_groups(*rows)
    units = [
        {
            g or k
            for g, k, t in zip(samples.groups or (), samples.keys, rows[0], strict=True)
            if t == target
        }
        for target in range(3)
    ]
    assume(all(len(found) > 3 for found in units))
    rest, held = hold_out(samples, fraction, seed, "test")
    assert not (set(rest.groups or ()) & set(held.groups or ())) - {""}
    assert len(rest) + len(held) == len(samples)
    assert all(rest.counts.values())
    assert all(held.counts.values())


def test_the_share_of_pictures_in_whole_groups_is_near_the_one_asked_for() -> None:
    groups = [f"patient {number}" for number in range(200) for _ in range(5)]
    samples = in_groups([number % 2 for number in range(200) for _ in range(5)], groups)
    rest, held = hold_out(samples, 0.2, 0, "test")
    assert 0.12 < len(held) / len(samples) < 0.28
    assert {len([g for g in held.groups or () if g == name]) for name in held.groups or ()} == {5}
    assert rest.groups is not None


def test_groups_that_come_later_move_none_of_the_old_ones() -> None:
    def held_of(patients: int) -> set[str]:
        groups = [f"patient {number}" for number in range(patients) for _ in range(3)]
        samples = in_groups([number % 2 for number in range(patients) for _ in range(3)], groups)
        return set(hold_out(samples, 0.3, 0, "test")[1].groups or ())

    old = {f"patient {number}" for number in range(60)}
    assert held_of(60) == held_of(150) & old


@settings(deadline=None)
@given(st.lists(st.integers(-1, 20), min_size=60, max_size=60), seeds)
def test_near_duplicates_and_groups_are_kept_together_at_once(
    clusters: list[int], seed: int
) -> None:
    groups = ["", *(f"patient {number // 2}" if number % 3 else "" for number in range(1, 60))]
    samples = in_groups([number % 2 for number in range(60)], groups)
    merged = keep_together(samples, np.array(clusters))
    units = unit_names(merged)
    assume(all(len(set(units[target::2])) > 1 for target in (0, 1)))
    parts = hold_out(samples, 0.3, seed, "test", clusters=np.array(clusters))
    place = {key: index for index, key in enumerate(samples.keys)}
    sides = [[place[key] for key in part.keys] for part in parts]
    for names in (groups, clusters):
        both = {names[index] for index in sides[0]} & {names[index] for index in sides[1]}
        assert both <= {"", -1}


def test_clusters_alone_make_groups_and_the_rest_stays_on_its_own() -> None:
    samples = in_classes([30, 30, 0])
    clusters = np.full(60, -1)
    clusters[[3, 33, 40]] = 7
    rest, held = hold_out(samples, 0.3, 0, "test", clusters=clusters)
    together = {"cat/3.png", "dog/33.png", "dog/40.png"}
    assert together <= set(rest.keys) or together <= set(held.keys)
    alone = set(hold_out(samples, 0.3, 0, "test")[1].keys)
    assert set(held.keys) - together == alone - together


def test_clusters_of_another_length_are_refused() -> None:
    with pytest.raises(DataError, match="one cluster. Received: 4 samples and 3 clusters"):
        hold_out(in_classes([2, 2, 0]), 0.5, 0, "test", clusters=np.zeros(3, np.int64))


def test_a_class_in_one_group_only_is_refused_by_name() -> None:
    samples = in_groups([0, 0, 0, 1, 1, 1], ["a", "b", "c", "d", "d", "d"])
    with pytest.raises(DataError, match="at least two groups.*test.*one group.* in dog"):
        hold_out(samples, 0.3, 0, "test")


def test_classes_too_small_for_chance_are_named() -> None:
    assert small_classes(in_classes([FEWEST_BY_HASH - 1, FEWEST_BY_HASH, 0])) == ["cat"]


@settings(deadline=None)
@given(st.lists(st.integers(10, 150), min_size=3, max_size=3), st.integers(2, 10), seeds)
def test_folds_are_disjoint_exhaustive_and_stratified(
    sizes: list[int], count: int, seed: int
) -> None:
    samples = in_classes(sizes)
    parts = folds(samples, count, seed)
    assert len(parts) == count
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(samples)))
    for part in parts:
        assert np.array_equal(part, np.sort(part))
        found = np.bincount(samples.targets[part], minlength=3)
        for size, number in zip(sizes, found, strict=True):
            share = size / count
            bound = 1 if size < FEWEST_BY_HASH * count else 2 + 6 * math.sqrt(share)
            assert abs(number - share) <= bound


@settings(deadline=None)
@given(grouped, st.integers(2, 5), seeds)
def test_no_group_is_in_two_folds(rows: tuple[list[int], list[str]], count: int, seed: int) -> None:
    samples = in_groups(*rows)
    parts = [set(samples.take(part).groups or ()) for part in folds(samples, count, seed)]
    for number, part in enumerate(parts):
        assert not part & set.union(set(), *parts[number + 1 :]) - {""}


def test_folds_of_large_classes_stay_when_pictures_come() -> None:
    old, new = numbered([200, 200, 0]), numbered([300, 200, 30])
    before, after = (
        [set(samples.take(part).keys) for part in folds(samples, 4, 1)] for samples in (old, new)
    )
    assert all(one <= other for one, other in zip(before, after, strict=True))
    assert [set(old.take(part).keys) for part in folds(old, 4, 2)] != before


def test_impossible_folds_are_refused() -> None:
    with pytest.raises(UsageError, match="`count` must be at least 2 folds. Received: 1"):
        folds(in_classes([5, 5, 0]), 1, 0)
    with pytest.raises(DataError, match="for each of the 12 folds. Received: 10"):
        folds(in_classes([5, 5, 0]), 12, 0)
