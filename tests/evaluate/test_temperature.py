"""The temperature: found where it is known, refused where it cannot be, no answer changed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import log_loss

from tellapart.errors import DataError, UsageError
from tellapart.evaluate.temperature import (
    HIGHEST,
    LEAST_SAMPLES,
    LOWEST,
    apply_temperature,
    fit_temperature,
    log_probabilities,
)


def simulated(
    count: int, factor: float, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return logits that are `factor` times too sure, and targets drawn from the true ones."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(count, 5))
    return factor * logits, (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5, 8.0])
def test_the_factor_that_a_network_is_too_sure_by_is_found(factor: float) -> None:
    logits, targets = simulated(20_000, factor)
    assert fit_temperature(logits, targets) == pytest.approx(factor, rel=0.05)


def test_logits_and_log_probabilities_give_the_same_temperature() -> None:
    logits, targets = simulated(2000, 2.0)
    by_logits = fit_temperature(logits, targets)
    found = fit_temperature(log_probabilities(softmax(logits, axis=1)), targets)
    assert found == pytest.approx(by_logits, rel=1e-4)


def test_no_other_temperature_has_a_lower_loss() -> None:
    logits, targets = simulated(500, 3.0)
    rows = softmax(logits, axis=1)
    best = fit_temperature(log_probabilities(rows), targets)
    losses = [
        log_loss(targets, apply_temperature(rows, t), labels=range(5))
        for t in (best, 0.97 * best, 1.03 * best, 1.0)
    ]
    assert min(losses) == losses[0]


def test_where_every_answer_is_right_nothing_is_changed() -> None:
    assert fit_temperature(np.tile([0.6, 0.4], (50, 1)), np.zeros(50, int)) == 1.0


def test_from_too_few_samples_nothing_is_concluded() -> None:
    logits, targets = simulated(LEAST_SAMPLES - 1, 4.0)
    assert fit_temperature(logits, targets) == 1.0
    logits, targets = simulated(LEAST_SAMPLES, 4.0)
    assert fit_temperature(logits, targets) > 1.0


def test_answers_that_are_all_wrong_do_not_run_away() -> None:
    scores = np.tile([9.0, 0.0], (50, 1))
    assert LOWEST < fit_temperature(scores, np.ones(50, int)) <= HIGHEST


@settings(deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(LOWEST, HIGHEST),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([0.01, 1.0, 1e6]),
)
def test_no_temperature_changes_an_answer(
    seed: int, temperature: float, kind: type[np.floating], spread: float
) -> None:
    rows = np.random.default_rng(seed).dirichlet(np.full(6, spread), 50).astype(kind)
    found = apply_temperature(rows, temperature)
    assert np.array_equal(found.argmax(axis=1), rows.argmax(axis=1))
    assert np.allclose(found.sum(axis=1), 1.0)


def test_answers_that_differ_in_the_last_bit_only_keep_their_order() -> None:
    low = 0.5 - 2**-54
    rows = np.array([[low, 0.5], [0.5, low]])
    assert apply_temperature(rows, 90.0).argmax(axis=1).tolist() == [1, 0]


def test_a_temperature_of_1_leaves_probabilities_as_they_are() -> None:
    rows = np.random.default_rng(1).dirichlet(np.ones(4), 100)
    assert np.allclose(apply_temperature(rows, 1.0), rows)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(UsageError, match="`temperature` must be a number above 0"):
        apply_temperature(np.eye(2), temperature)


@pytest.mark.parametrize(
    ("scores", "targets", "what"),
    [
        (np.zeros((3, 2)), [0, 1], r"Received: \(3, 2\) and \(2,\)"),
        (np.zeros(3), [0, 1, 0], r"Received: \(3,\)"),
        (np.full((2, 2), -np.inf), [0, 1], "finite number.*log_probabilities"),
        (np.zeros((2, 2)), [0, 2], "from 0 to 1. Received: 0 to 2"),
    ],
)
def test_what_does_not_fit_is_refused(
    scores: NDArray[np.float64], targets: list[int], what: str
) -> None:
    with pytest.raises(DataError, match=what):
        fit_temperature(scores, np.array(targets))
