"""All scores of some answers: known values by hand, and agreement with scikit-learn."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from tellapart.errors import DataError
from tellapart.evaluate.classes import PAIRS
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_probabilities

NAMES = ("ant", "bee", "cat", "dog")


def answers_of(predicted: list[int], classes: int = 4) -> NDArray[np.float64]:
    """Return probabilities of 0.7 for what is predicted; the others share the rest."""
    rows = np.full((len(predicted), classes), 0.3 / (classes - 1))
    rows[np.arange(len(predicted)), predicted] = 0.7
    return rows


def score(targets: list[int], predicted: list[int]) -> Evaluation:
    return evaluate_probabilities(np.array(targets), answers_of(predicted), NAMES)


def test_scores_are_those_worked_out_by_hand() -> None:
    found = score([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 2])
    ant, bee, cat, _ = found.classes
    assert (found.samples, found.accuracy.value) == (6, 4 / 6)
    assert (ant.precision, ant.recall, ant.support) == (2 / 3, 2 / 3, 3)
    assert (bee.precision, bee.recall, bee.f1) == (0.5, 0.5, 0.5)
    assert (cat.name, cat.precision, cat.recall, cat.f1, cat.support) == ("cat", 1, 1, 1, 1)
    assert found.loss == pytest.approx(-(4 * math.log(0.7) + 2 * math.log(0.1)) / 6)
    assert found.accuracy.low < 4 / 6 < found.accuracy.high


def test_rows_of_the_confusion_are_true_classes_and_columns_predicted_ones() -> None:
    found = score([0, 0, 0, 1], [2, 2, 0, 1])
    assert found.confusion == ((1, 0, 2, 0), (0, 1, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))


def test_a_class_that_was_never_predicted_has_no_precision() -> None:
    bee = score([0, 1], [0, 0]).classes[1]
    assert (bee.precision, bee.recall, bee.f1, bee.support) == (None, 0.0, 0.0, 1)


def test_a_class_without_samples_has_no_recall() -> None:
    dog, cat = score([0, 1], [0, 3]).classes[3], score([0, 1], [0, 3]).classes[2]
    assert (dog.precision, dog.recall, dog.f1, dog.support) == (0.0, None, 0.0, 0)
    assert (cat.precision, cat.recall, cat.f1, cat.support) == (None, None, None, 0)


def test_confused_pairs_come_worst_first_with_their_share_of_the_true_class() -> None:
    found = score([0, 0, 0, 0, 1, 2, 2], [1, 1, 1, 0, 0, 3, 3])
    pairs = [(pair.target, pair.predicted, pair.count, pair.share) for pair in found.confused]
    assert pairs == [("ant", "bee", 3, 0.75), ("cat", "dog", 2, 1.0), ("bee", "ant", 1, 1.0)]


def test_only_the_worst_pairs_are_listed() -> None:
    targets = [target for target in range(4) for _ in range(3)] * 2
    predicted = [(target + 1 + number % 3) % 4 for number, target in enumerate(targets)]
    assert score(targets, predicted).accuracy.value == 0
    assert len(score(targets, predicted).confused) == PAIRS < 12


def test_a_certain_wrong_answer_costs_much_but_not_infinitely() -> None:
    found = evaluate_probabilities(np.array([0, 1]), np.eye(2)[[1, 1]], ["a", "b"])
    assert found.loss == pytest.approx(-math.log(1e-7) / 2, rel=1e-6)
    assert Evaluation.from_json(found.to_json()) == found


def test_probabilities_of_single_precision_are_taken() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(4), 500).astype(np.float32)
    targets = np.arange(500) % 4
    found = evaluate_probabilities(
        targets, rows, NAMES, About(data="pets", split="validation", note="!")
    )
    assert found.loss == pytest.approx(-np.log(rows[np.arange(500), targets]).mean(), rel=1e-5)
    assert (found.data, found.split, found.note) == ("pets", "validation", "!")


@st.composite
def answers(draw: st.DrawFn) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    classes, count = draw(st.integers(2, 5)), draw(st.integers(1, 30))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes, count), rng.dirichlet(np.full(classes, 0.5), count)


@settings(deadline=None, max_examples=40)
@given(answers())
def test_all_scores_agree_with_scikit_learn(
    answer: tuple[NDArray[np.int64], NDArray[np.float64]],
) -> None:
    targets, rows = answer
    names = [f"class {number}" for number in range(rows.shape[1])]
    found = evaluate_probabilities(targets, rows, names)
    numbers, predicted = np.arange(len(names)), rows.argmax(axis=1)
    assert found.class_names == tuple(names)
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(targets, predicted))
    expected = metrics.confusion_matrix(targets, predicted, labels=numbers)
    assert np.array_equal(found.confusion, expected)
    columns: Any = {
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "f1": metrics.f1_score,
    }
    for column, scorer in columns.items():
        values = scorer(targets, predicted, labels=numbers, average=None, zero_division=0)
        mine = [getattr(one, column) or 0.0 for one in found.classes]
        assert mine == pytest.approx(values.tolist())
    clipped = np.clip(rows, 1e-7, 1)
    clipped /= clipped.sum(axis=1, keepdims=True)
    assert found.loss == pytest.approx(metrics.log_loss(targets, clipped, labels=numbers))


@pytest.mark.parametrize(
    ("targets", "rows", "what"),
    [
        ([], np.zeros((0, 4)), r"\(0, 4\), for at least one sample. Received: \(0, 4\)"),
        ([0, 1], answers_of([0]), r"must be \(2, 4\).*Received: \(1, 4\)"),
        ([0], answers_of([0], classes=3), r"must be \(1, 4\).*Received: \(1, 3\)"),
        ([0, 4], answers_of([0, 0]), "Targets must be from 0 to 3. Received: 0 to 4"),
        ([-1, 2], answers_of([0, 0]), "Targets must be from 0 to 3. Received: -1 to 2"),
        ([0], np.array([[2.0, -1.0, 0, 0]]), "at least 0, and each row must sum to 1"),
        ([0], np.array([[3.0, 1.0, 0, 0]]), "each row must sum to 1"),
        ([0], np.full((1, 4), np.nan), "each row must sum to 1"),
    ],
)
def test_what_does_not_fit_is_refused(
    targets: list[int], rows: NDArray[np.float64], what: str
) -> None:
    with pytest.raises(DataError, match=what) as caught:
        evaluate_probabilities(np.array(targets, np.int64), rows, NAMES)
    assert caught.value.exit_code == 3
