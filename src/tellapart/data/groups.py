"""Groups: samples that stay on one side of every split, since they tell of each other."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tellapart.data.samples import Indices, Samples
from tellapart.data.stores import ImageStore
from tellapart.errors import DataError, UsageError

MOST_NAMED = 5


def compile_pattern(pattern: str, field: str) -> re.Pattern[str]:
    """Return a regular expression, ready to search with.

    Raises:
        UsageError: It is none; `field` names it in the message.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"`{field}` must be a regular expression: {error}. Received: {pattern!r}. "
            r"Fix: one such as '^(\w+)_'"
        ) from error


def find_in(pattern: re.Pattern[str], key: str) -> str:
    r"""Return what a pattern finds in a sample's key: its first bracket, or the whole match.

    Example:
        >>> find_in(re.compile(r"patient(\d+)"), "cat/patient07_3.png")
        '07'
    """
    found = pattern.search(key)
    if found is None:
        return ""
    return (found.group(1) or "") if pattern.groups else found.group()


def find_labels(pattern: str, images: ImageStore) -> list[str]:
    """Return the class that a pattern finds in each picture's path; empty where it finds none.

    Raises:
        UsageError: It is no regular expression.
        DataError: It finds nothing in any path.
    """
    search = compile_pattern(pattern, "label_from")
    labels = [find_in(search, images.path(index)) for index in range(len(images))]
    if not any(labels):
        raise _found_nothing("label_from", "class", pattern, images)
    return labels


def group_splits(splits: Mapping[str, Samples], pattern: str) -> dict[str, Samples]:
    """Return the splits, grouped by what a regular expression finds in each sample's path.

    Raises:
        UsageError: It is no regular expression.
        DataError: It finds nothing in any path.
    """
    search = compile_pattern(pattern, "group_from")
    grouped = {
        name: replace(samples, groups=tuple(find_in(search, path) for path in samples.paths))
        for name, samples in splits.items()
    }
    if not any(any(samples.groups or ()) for samples in grouped.values()):
        raise _found_nothing("group_from", "group", pattern, splits["train"].images)
    return grouped


def keep_together(samples: Samples, clusters: Indices) -> Samples:
    """Return the samples with groups and clusters merged: what either joins is one group.

    A union-find over both (R. E. Tarjan, Efficiency of a Good But Not Linear Set Union
    Algorithm, 1975). A merged group is called after the first of its groups, or, where it
    has none, of its keys, so that other samples have no say in its name.

    Args:
        samples: What to group.
        clusters: `(n,)`: samples of one number stay together; below 0 one is on its own.

    Raises:
        DataError: There is not one number for each sample.
    """
    if len(clusters) != len(samples):
        raise DataError(
            f"Each sample must have one cluster. Received: {len(samples):,} samples and "
            f"{len(clusters):,} clusters."
        )
    groups = samples.groups or ("",) * len(samples)
    roots = _roots(groups, clusters)
    members: dict[int, list[int]] = {}
    for index, root in enumerate(roots):
        members.setdefault(root, []).append(index)
    merged = [""] * len(samples)
    for together in members.values():
        named = [groups[index] for index in together if groups[index]]
        if named or len(together) > 1:
            name = min(named or [samples.images.key(index) for index in together])
            for index in together:
                merged[index] = name
    return replace(samples, groups=tuple(merged))


def unit_names(samples: Samples) -> list[str]:
    """Return what each sample is split by: its group, or its own key where it has none."""
    keys = samples.keys
    if samples.groups is None:
        return keys
    return [group or key for group, key in zip(samples.groups, keys, strict=True)]


def straddling(splits: Mapping[str, Samples]) -> tuple[str, ...]:
    """Return a sentence for each two splits that share groups: such a test flatters.

    Example:
        >>> straddling({})
        ()
    """
    groups = {name: set(samples.groups or ()) - {""} for name, samples in splits.items()}
    names = list(groups)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    return tuple(
        f"{a} and {b} share groups, so the scores flatter: {_some(shared)}."
        for a, b in pairs
        if (shared := groups[a] & groups[b])
    )


def _found_nothing(field: str, what: str, pattern: str, images: ImageStore) -> DataError:
    first = f"the first is '{images.path(0)}'" if len(images) else "there is no picture"
    return DataError(
        f"`{field}` must find a {what} in the pictures' paths. Received: {pattern!r}, which "
        f"finds nothing in any of them; {first}."
    )


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - MOST_NAMED:,} more" if len(listed) > MOST_NAMED else ""
    return ", ".join(listed[:MOST_NAMED]) + more


def _roots(groups: Sequence[str], clusters: Indices) -> list[int]:
    """Return for each sample the first one of all that it is joined with."""
    parents = list(range(len(groups)))

    def root_of(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    firsts: dict[tuple[str, str | int], int] = {}
    for index, (group, cluster) in enumerate(zip(groups, clusters.tolist(), strict=True)):
        names = [("group", group)] * bool(group) + [("cluster", cluster)] * (cluster >= 0)
        for name in names:
            a, b = sorted((root_of(index), root_of(firsts.setdefault(name, index))))
            parents[b] = a
    return [root_of(index) for index in range(len(groups))]
