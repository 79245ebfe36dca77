"""Confident learning: the joint, scores and proposals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tellapart.errors import DataError
from tellapart.evaluate.confidence import confident_joint, label_scores, propose


def test_the_confident_joint_of_a_worked_example_is_counted_by_hand() -> None:
    # thresholds: 0.6 for class 0 (mean of .9 .7 .2), 0.65 for class 1 (mean of .8 .5)
    answers = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.2, 0.8], [0.5, 0.5]])
    targets = np.array([0, 0, 0, 1, 1])
    # the last sample reaches neither threshold and is not counted
    assert confident_joint(targets, answers).tolist() == [[2, 1], [0, 1]]


def test_a_class_without_samples_is_held_of_nobody() -> None:
    answers = np.array([[0.5, 0, 0.5], [0.6, 0, 0.4], [0, 1, 0]])
    assert confident_joint(np.array([0, 0, 1]), answers)[:, 2].tolist() == [0, 0, 0]


@given(st.integers(2, 6), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_whatever_the_answers_no_label_is_counted_twice_and_no_proposal_is_the_label(
    classes: int, samples: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    answers = generator.dirichlet(np.ones(classes), samples).astype(np.float32)
    targets = generator.integers(0, classes, samples)
    joint = confident_joint(targets, answers)
    assert (joint >= 0).all()
    assert (joint.sum(axis=1) <= np.bincount(targets, minlength=classes)).all()
    proposed = propose(targets, answers)
    assert (proposed != targets).all()
    scores = label_scores(targets, answers)
    assert ((scores >= 0) & (scores <= 1 + 1e-6)).all()
    best = answers[np.arange(samples), proposed]
    assert (np.maximum(best, scores) >= answers.max(axis=1)).all()


@pytest.mark.parametrize(
    ("targets", "answers", "said"),
    [
        ([0, 1], [[0.5, 0.5]], "a row of probabilities for each label"),
        ([], np.zeros((0, 2)), "a row of probabilities for each label"),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "from 0 to 1. Received: 0 to 2"),
        ([0, 1], [[0.5, np.nan], [0.5, 0.5]], "Received: nan to nan"),
        ([0, 1], [[3.0, -1.0], [0.5, 0.5]], "Received: -1 to 3"),
    ],
)
def test_answers_that_are_none_are_refused(targets: list[int], answers: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        confident_joint(np.array(targets, np.int64), np.array(answers, np.float64))
