"""Intervals are what they say: 95% of them hold the truth, over 2,000 simulated test sets."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from tellapart.evaluate.classes import f1_interval
from tellapart.evaluate.headline import ClassIntervals, Headline, headline
from tellapart.evaluate.intervals import accuracy_interval, wilson_bounds, wilson_interval
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.ranking import roc_area
from tellapart.evaluate.scores import evaluate_probabilities

SETS, LOW, HIGH = 2000, 0.94, 0.965
CLASSES, SAMPLES = 3, 400

Draw = Callable[[np.random.Generator, int], tuple[NDArray[np.int64], NDArray[np.float64]]]


def answered(
    generator: np.random.Generator, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return targets of unequal classes, and probabilities of a network that is too sure."""
    targets = generator.choice(CLASSES, count, p=[0.5, 0.3, 0.2])
    logits = generator.normal(size=(count, CLASSES))
    logits[np.arange(count), targets] += 1.5
    return targets, softmax(1.5 * logits, axis=1)


def over_all(targets: NDArray[np.int64], rows: NDArray[np.float64]) -> Headline:
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    np.add.at(confusion, (targets, rows.argmax(axis=1)), 1)
    pairs = [roc_area(targets == number, rows[:, number]) for number in range(CLASSES)]
    right, supports, taken = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    f1s = [f1_interval(*map(int, one)) for one in zip(right, taken, supports, strict=True)]
    known = ClassIntervals(
        recalls=[wilson_interval(int(a), int(b)) for a, b in zip(right, supports, strict=True)],
        f1s=[one for one in f1s if one is not None],
        roc_area=float(np.mean([area for area, _ in pairs])),
        shares=np.mean([share for _, share in pairs], axis=0),
    )
    return headline(targets, rows, known)


def test_wilson_intervals_cover_the_truth() -> None:
    generator = np.random.default_rng(0)
    for truth in (0.6, 0.8, 0.91):
        shares = generator.binomial(1000, truth, SETS) / 1000
        low, high = wilson_bounds(shares, np.full(SETS, 1000))
        assert LOW <= ((low <= truth) & (truth <= high)).mean() <= HIGH, truth


def test_bootstrap_intervals_cover_the_truth() -> None:
    generator = np.random.default_rng(1)
    targets, rows = answered(generator, 300_000)
    whole = over_all(targets, rows)
    names = ("log_loss", "brier", "balanced_accuracy", "macro_f1", "roc_area")
    truth = {name: getattr(whole, name).value for name in names}
    held = dict.fromkeys(names, 0)
    for _ in range(SETS):
        found = over_all(*answered(generator, SAMPLES))
        for name in names:
            interval: Interval = getattr(found, name)
            held[name] += interval.low <= truth[name] <= interval.high
    shares = {name: count / SETS for name, count in held.items()}
    assert all(LOW <= share <= HIGH for share in shares.values()), shares


def grouped(generator: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the right answers about 60 patients of 10 pictures, who are not equally hard."""
    ease = np.repeat(generator.beta(6, 2, 60), 10)
    return generator.random(600) < ease, np.repeat(np.arange(60), 10)


def test_intervals_of_grouped_samples_cover_the_truth_and_those_that_ignore_groups_do_not() -> None:
    generator, truth, held, held_alone = np.random.default_rng(2), 0.75, 0, 0
    for _ in range(SETS):
        right, groups = grouped(generator)
        found, alone = accuracy_interval(right, groups), accuracy_interval(right)
        held += found.low <= truth <= found.high
        held_alone += alone.low <= truth <= alone.high
    assert LOW <= held / SETS <= HIGH
    assert held_alone / SETS < 0.88


@pytest.mark.parametrize("right", [20, 0])
def test_answers_that_are_all_right_or_all_wrong_are_not_taken_for_certainty(right: int) -> None:
    targets = np.arange(20) % 2
    rows = np.eye(2)[targets if right else 1 - targets]
    found = evaluate_probabilities(targets, rows, ["a", "b"])
    for interval in (found.accuracy, found.balanced_accuracy, found.macro_f1):
        assert interval is not None
        assert interval.high - interval.low > 0.1
