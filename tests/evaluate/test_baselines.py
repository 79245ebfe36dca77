"""What simpler ways score."""

import numpy as np
import pytest

from tellapart.evaluate.baselines import majority_baseline, neighbour_baseline


def test_the_commonest_class_is_that_of_the_training_samples() -> None:
    found = majority_baseline(np.array([2, 2, 0]), np.array([0, 0, 0, 2]))
    assert (found.accuracy.value, found.trained_on) == (0.25, 3)


def test_where_the_training_samples_are_unknown_no_constant_answer_is_better() -> None:
    found = majority_baseline(None, np.array([0, 0, 0, 2]))
    assert (found.accuracy.value, found.trained_on) == (0.75, 0)


def test_the_nearest_neighbour_finds_classes_of_other_brightness() -> None:
    generator = np.random.default_rng(0)
    classes = generator.integers(0, 2, 300)
    pictures = generator.normal(100 + 30 * classes[:, None], 10, (300, 16))
    found = neighbour_baseline(pictures[:200], classes[:200], pictures[200:], classes[200:])
    assert found.accuracy.value == 1
    assert found.accuracy.low == pytest.approx(0.963, abs=0.001)
    shuffled = generator.permutation(classes)
    none = neighbour_baseline(pictures[:200], shuffled[:200], pictures[200:], classes[200:])
    assert 0.3 < none.accuracy.value < 0.7


def test_scored_samples_of_one_group_tell_less() -> None:
    targets, groups = np.repeat([0, 1, 0, 0], 25), np.repeat([0, 1, 2, 3], 25)
    alone = majority_baseline(np.array([0]), targets).accuracy
    together = majority_baseline(np.array([0]), targets, groups).accuracy
    assert together.value == alone.value
    assert together.low < alone.low
