"""Scores over all classes: those of scikit-learn, and intervals that hold them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from tellapart.errors import DataError
from tellapart.evaluate.bootstrap import number_of_resamples, resample_sums
from tellapart.evaluate.headline import brier_scores
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_answers, evaluate_probabilities
from tellapart.evaluate.sums import hot_columns

NAMES = ["a", "b", "c", "d"]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_scores_over_all_agree_with_scikit_learn(seed: int, has_groups: bool) -> None:
    generator = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(4), generator.integers(0, 4, 60)])
    rows = generator.dirichlet(np.full(4, 0.5), 64)
    groups = generator.integers(0, 9, 64) if has_groups else None
    found = evaluate_probabilities(targets, rows, NAMES, About(groups=groups))
    answers = rows.argmax(axis=1)
    expected = {
        "balanced_accuracy": metrics.balanced_accuracy_score(targets, answers),
        "macro_f1": metrics.f1_score(targets, answers, average="macro"),
        "roc_area": metrics.roc_auc_score(targets, rows, multi_class="ovr"),
        "brier": ((rows - np.eye(4)[targets]) ** 2).sum(axis=1).mean(),
    }
    for name, value in expected.items():
        interval = getattr(found, name)
        assert interval.value == pytest.approx(value), name
        assert interval.low <= interval.value <= interval.high
    assert found.top_k is not None
    assert found.top_k.k == 3
    assert found.top_k.score.value == metrics.top_k_accuracy_score(targets, rows, k=3)
    assert found.log_loss is not None
    assert found.log_loss.value == found.loss
    assert found.log_loss.low < found.log_loss.value < found.log_loss.high
    assert Evaluation.from_json(found.to_json()) == found


def test_the_same_answers_give_the_same_record() -> None:
    generator = np.random.default_rng(0)
    targets, rows = generator.integers(0, 4, 200), generator.dirichlet(np.ones(4), 200)
    first, second = (evaluate_probabilities(targets, rows, NAMES) for _ in range(2))
    assert first == second


def test_samples_that_come_in_groups_tell_less() -> None:
    generator = np.random.default_rng(1)
    targets, rows = generator.integers(0, 4, 50), generator.dirichlet(np.full(4, 0.3), 50)
    targets, rows = np.repeat(targets, 8), np.repeat(rows, 8, axis=0)
    alone = evaluate_probabilities(targets, rows, NAMES)
    together = evaluate_probabilities(targets, rows, NAMES, About(groups=np.arange(400) // 8))
    assert (alone.groups, together.groups) == (None, 50)
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "brier", "roc_area"):
        narrow, wide = getattr(alone, name), getattr(together, name)
        assert wide.high - wide.low > 2 * (narrow.high - narrow.low), name


def test_two_classes_have_no_top_k() -> None:
    assert evaluate_probabilities(np.array([0, 1]), np.eye(2), ["a", "b"]).top_k is None


@pytest.mark.parametrize(
    ("counts", "is_skewed"), [([50, 50, 50], False), ([90, 30, 30], True), ([99, 99, 9], True)]
)
def test_balanced_accuracy_comes_first_where_classes_are_skewed(
    counts: list[int], is_skewed: bool
) -> None:
    targets = np.repeat(np.arange(3), counts)
    found = evaluate_probabilities(targets, np.eye(3)[np.zeros_like(targets)], ["a", "b", "c"])
    assert found.is_skewed == is_skewed
    assert str(found).startswith("balanced accuracy 33.33%" if is_skewed else "accuracy")


def test_answers_without_probabilities_have_no_scores_of_probabilities() -> None:
    targets = np.array([0, 1, 2, 3, 0])
    found = evaluate_answers(targets, np.array([0, 1, 2, 3, 1]), NAMES)
    assert found.accuracy.value == 0.8
    assert found.balanced_accuracy is not None
    assert (found.loss, found.brier, found.roc_area, found.calibration) == (None,) * 4
    assert found.curves == ()
    assert "loss" not in str(found)
    assert Evaluation.from_json(found.to_json()) == found


def test_groups_and_facts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match=r"`groups` must be \(2,\).*Received: \(3,\)"):
        evaluate_probabilities(np.array([0, 1]), np.eye(2), "ab", About(groups=np.arange(3)))
    with pytest.raises(DataError, match=r"`size` must be \(2,\)"):
        evaluate_probabilities(np.array([0, 1]), np.eye(2), "ab", About(facts={"size": np.ones(1)}))


def test_resampled_sums_spread_as_the_mean_does() -> None:
    values = np.random.default_rng(2).normal(3, 2, 500)
    columns = hot_columns([(np.zeros(500, np.int64), 1, values)])
    means = resample_sums(columns, resamples=4000)[:, 0] / 500
    assert means.mean() == pytest.approx(values.mean(), abs=0.01)
    assert means.std() == pytest.approx(values.std() / np.sqrt(500), rel=0.05)


def test_groups_are_drawn_whole() -> None:
    columns = hot_columns([(np.arange(6) // 2, 3, np.ones(6))])
    sums = resample_sums(columns, np.arange(6) // 2, resamples=50)
    assert (sums % 2 == 0).all()
    assert sums.sum(axis=1).tolist() == [6.0] * 50


def test_very_many_samples_are_resampled_less_often() -> None:
    assert number_of_resamples(1_000_000) == 200


def test_the_brier_score_of_a_certain_wrong_answer_is_2() -> None:
    assert brier_scores(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]])).tolist() == [2, 0]
