"""Verdicts from rules: what is a label, what a set, what unknown; the argmax never changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from tellapart.decisions import Decisions, NoveltyRule, RiskTable, fewest_images
from tellapart.errors import UsageError
from tellapart.evaluate.temperature import apply_temperature
from tellapart.verdicts import calibrate, judge, measure_novelty

TABLE = RiskTable(
    samples=1000,
    thresholds=(0.9, 0.7, 0.5),
    answered=(300, 600, 1000),
    wrong=(0, 5, 100),
    bounds=(0.01, 0.0175, 0.117),
    set_thresholds=(0.2, 0.15, 0.0),
    set_threshold_of_all=0.3,
)
RULES = Decisions(
    samples=1050,
    temperature=1.0,
    risk=0.02,
    coverage=0.9,
    table=TABLE,
    set_threshold=0.4,
    novelty=NoveltyRule(neighbour=1, threshold=0.5, share=0.05, samples=1050),
)
ROWS = np.array([[0.8, 0.15, 0.05], [0.6, 0.3, 0.1], [0.95, 0.03, 0.02]], np.float32)
NOVELTY = np.array([0.1, 0.2, 0.6], np.float32)


def test_each_picture_gets_one_of_three_verdicts() -> None:
    found = judge(RULES, ROWS, NOVELTY)
    assert found.kinds.tolist() == ["label", "unsure", "unknown"]
    assert found.sets.tolist() == [[True, False, False], [True, True, False], [False] * 3]


@pytest.mark.parametrize(
    ("risk", "kinds"),
    [
        (0.2, ["label", "label", "unknown"]),
        (0.011, ["unsure", "unsure", "unknown"]),
        (0.005, ["unsure", "unsure", "unknown"]),
    ],
)
def test_another_risk_is_looked_up(risk: float, kinds: list[str]) -> None:
    assert judge(RULES, ROWS, NOVELTY, risk=risk).kinds.tolist() == kinds


def test_where_no_threshold_keeps_the_risk_sets_are_those_of_all() -> None:
    assert TABLE.row_for(0.001) is None
    assert judge(RULES, ROWS, None, risk=0.001).sets.sum(axis=1).tolist() == [1, 2, 1]


def test_a_row_of_too_few_images_is_not_tested_and_the_first_failure_ends_the_search() -> None:
    table = TABLE.model_copy(update={"answered": (100, 600, 1000), "bounds": (0.9, 0.01, 0.1)})
    assert table.row_for(0.02) == 1
    assert table.model_copy(update={"bounds": (0.0, 0.5, 0.0)}).row_for(0.02) is None


def test_always_answering_gives_a_label_and_a_set_that_is_never_empty() -> None:
    found = judge(RULES, np.array([[0.36, 0.34, 0.3], [0.5, 0.45, 0.05]]), None, always_answer=True)
    assert found.kinds.tolist() == ["label", "label"]
    assert found.sets.tolist() == [[True, False, False], [True, True, False]]


def test_a_novelty_that_is_no_number_is_unknown() -> None:
    assert judge(RULES, ROWS[:1], np.array([np.nan], np.float32)).kinds.tolist() == ["unknown"]


def test_without_a_table_and_novelty_all_get_labels() -> None:
    rules = RULES.model_copy(update={"table": None, "novelty": None})
    assert judge(rules, ROWS, None).kinds.tolist() == ["label"] * 3


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, 2.0, float("nan")])
def test_a_risk_that_is_no_share_is_refused_with_a_fix(risk: float) -> None:
    with pytest.raises(UsageError, match="above 0 and below 1. Received: .* Fix: --risk 0.02"):
        fewest_images(risk)


def test_the_fewest_right_answers_that_prove_a_risk() -> None:
    for risk in (0.5, 0.1, 0.02, 0.001, 1e-6):
        count = fewest_images(risk)
        assert (1 - risk) ** count <= 0.05 < (1 - risk) ** (count - 1)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20.0), st.integers(2, 6))
def test_no_temperature_changes_an_answer(seed: int, temperature: float, classes: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.dirichlet(np.full(classes, 0.2), 50).astype(np.float32)
    found = calibrate(rows, temperature)
    assert (found[np.arange(50), rows.argmax(axis=1)] == found.max(axis=1)).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_allclose(found, apply_temperature(rows, temperature), atol=1e-9)


def test_rules_survive_json() -> None:
    assert Decisions.model_validate_json(RULES.model_dump_json()) == RULES


@pytest.mark.parametrize(
    "changes",
    [
        {"wrong": (0, 5)},
        {"answered": (600, 300, 1000)},
        {"answered": (300, 600, 1001)},
        {"bounds": (0.1, 0.1, float("nan"))},
        {"samples": 0},
    ],
)
def test_a_table_that_does_not_fit_together_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RiskTable(**{**TABLE.model_dump(), **changes})


def _by_hand(features: NDArray[np.float64], references: NDArray[np.float64], k: int) -> list[float]:
    def distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        return 1 - float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))

    return [sorted(distance(row, other) for other in references)[k - 1] for row in features]


@pytest.mark.parametrize("neighbour", [1, 3, 7])
def test_novelty_is_the_distance_to_a_neighbour(neighbour: int) -> None:
    random = np.random.default_rng(0)
    features, references = random.normal(size=(20, 5)), random.normal(size=(7, 5))
    rows = references / np.linalg.norm(references, axis=1, keepdims=True)
    found = measure_novelty(features, rows, neighbour)
    np.testing.assert_allclose(found, _by_hand(features, references, neighbour), atol=1e-5)
    np.testing.assert_allclose(measure_novelty(7 * features, rows, neighbour), found, atol=1e-5)


def test_a_picture_without_any_feature_is_as_foreign_as_can_be() -> None:
    found = measure_novelty(np.zeros((1, 4)), np.eye(4, dtype=np.float16), 3)
    assert found.tolist() == [1.0]


def test_a_risk_next_to_nothing_asks_for_more_images_than_there_are() -> None:
    assert fewest_images(5e-324) == 2**53
    assert fewest_images(1e-18) == 2**53
