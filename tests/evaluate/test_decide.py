"""The promises, simulated: risk, coverage and false "unknown" on many validation sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tellapart.decisions import Decisions
from tellapart.errors import DataError
from tellapart.evaluate.answered import AnswersScore
from tellapart.evaluate.answers import score_answers
from tellapart.evaluate.conformal import set_threshold
from tellapart.evaluate.decide import fit_decisions
from tellapart.evaluate.novelty import choose_references, fit_novelty
from tellapart.evaluate.promise import fit_risk_table, upper_bounds
from tellapart.sections import AnswersSection
from tellapart.verdicts import judge

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CLASSES = 4


def _draw(
    random: np.random.Generator, count: int, sharpness: float = 1.0
) -> tuple[Floats, Ints, NDArray[np.float32]]:
    """Return what a network would say of images that are rightly, and wrongly, sure.

    Targets follow the probabilities before `sharpness`, so it makes them overconfident.
    """
    logits = 5.0 * random.normal(size=(count, CLASSES))
    targets = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    powers = np.exp(sharpness * (logits - logits.max(axis=1, keepdims=True)))
    novelty = random.random(count) * (0.5 + (logits.max(axis=1) < 2))
    return powers / powers.sum(axis=1, keepdims=True), targets, novelty.astype(np.float32)


@pytest.fixture(scope="module")
def world() -> tuple[Floats, Ints, NDArray[np.float32]]:
    """Return so many samples that what they say is the truth."""
    return _draw(np.random.default_rng(1), 60_000, sharpness=2.0)


def test_the_risk_is_kept_in_19_of_20_validation_sets(
    world: tuple[Floats, Ints, NDArray[np.float32]],
) -> None:
    shares, targets, _ = world
    random, section = np.random.default_rng(0), AnswersSection(risk=0.05)
    broken = answered = 0
    best = shares.max(axis=1)
    wrong = shares.argmax(axis=1) != targets
    order = np.argsort(-best)
    surest = -best[order]
    risks = wrong[order].cumsum() / np.arange(1, len(order) + 1)
    for _ in range(1000):
        chosen = random.integers(0, len(targets), 600)
        table = fit_risk_table(shares[chosen], targets[chosen], section.coverage)
        row = table.row_for(section.risk)
        if row is None:
            continue
        count = int(np.searchsorted(surest, -table.thresholds[row], side="right"))
        answered += 1
        broken += bool(risks[count - 1] > section.risk)
    assert answered > 900
    assert broken <= 50 + 3 * np.sqrt(50 * 0.95)
    assert broken > 5  # the promise is not kept by answering almost nothing


def test_the_risk_is_kept_with_temperature_and_novelty_fitted_on_the_same_images(
    world: tuple[Floats, Ints, NDArray[np.float32]],
) -> None:
    shares, targets, novelty = world
    random, section = np.random.default_rng(2), AnswersSection(risk=0.05)
    broken, unknown = 0, []
    truth = slice(0, 20_000)
    for _ in range(60):
        chosen = random.integers(20_000, len(targets), 800)
        rules = fit_decisions(shares[chosen], targets[chosen], novelty[chosen], section)
        found = judge(rules, shares[truth], novelty[truth])
        label = found.kinds == "label"
        unknown.append((found.kinds == "unknown").mean())
        wrong = shares[truth].argmax(axis=1) != targets[truth]
        broken += bool(wrong[label].mean() > section.risk)
    assert broken <= 3 + 3 * np.sqrt(3 * 0.95)
    assert np.mean(unknown) == pytest.approx(section.unknown, abs=0.004)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(20, 60), st.sampled_from([0.8, 0.9]))
def test_sets_hold_the_true_class_as_often_as_is_promised(
    seed: int, count: int, coverage: float
) -> None:
    random = np.random.default_rng(seed)
    rows = np.sort(random.beta(3, 1, (4000, count)), axis=1)
    thresholds = np.array([set_threshold(row, coverage) for row in rows])
    held = 1 - thresholds**3  # of beta(3, 1), what lies above
    assert coverage - 0.01 <= held.mean() <= coverage + 1 / (count + 1) + 0.01


def test_unsure_sets_hold_the_true_class_and_are_never_empty(
    world: tuple[Floats, Ints, NDArray[np.float32]],
) -> None:
    shares, targets, novelty = world
    scores = []
    for fold in range(14):
        fit = slice(fold * 4000, fold * 4000 + 2000)
        score = slice(fold * 4000 + 2000, fold * 4000 + 4000)
        rules = fit_decisions(shares[fit], targets[fit], novelty[fit], AnswersSection(risk=0.05))
        found = judge(rules, shares[score], novelty[score])
        assert found.sets[found.kinds == "unsure"].any(axis=1).all()
        scores.append(score_answers(rules, targets[score], shares[score], novelty[score]))
    covered = [found.unsure_coverage for found in scores if found.unsure_coverage is not None]
    assert len(covered) == 14
    assert np.mean(covered) == pytest.approx(0.9, abs=0.015)


def test_too_few_images_leave_out_what_they_cannot_prove() -> None:
    shares, targets, novelty = _draw(np.random.default_rng(0), 18)
    few = fit_decisions(shares, targets, novelty, AnswersSection())
    assert (few.table, few.novelty) == (None, None)
    assert few.temperature == 1.0
    tiny = fit_decisions(shares[:5], targets[:5], None, AnswersSection())
    assert tiny.set_threshold == 0.0  # a set is all classes then


def test_no_image_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="validation images. Received: none"):
        fit_decisions(np.empty((0, 3)), np.empty(0, np.int64), None, AnswersSection())


@pytest.mark.parametrize(("wrong", "count"), [(0, 1), (3, 100), (100, 100)])
def test_the_bound_is_that_of_clopper_and_pearson(wrong: int, count: int) -> None:
    from scipy.stats import binomtest

    # one-sided 95% is the upper end of the two-sided 90%
    wanted = binomtest(wrong, count).proportion_ci(0.9, method="exact").high
    [found] = upper_bounds(np.array([wrong]), np.array([count]))
    assert found == pytest.approx(wanted)


def test_images_of_one_probability_stay_together() -> None:
    shares = np.array([[0.9, 0.1]] * 500 + [[0.6, 0.4]] * 500)
    table = fit_risk_table(shares, np.zeros(1000, np.int64), 0.9)
    assert table.answered == (500, 1000)


def test_references_are_few_unit_rows_and_refused_where_they_are_no_numbers() -> None:
    random = np.random.default_rng(0)
    chosen = choose_references(random.normal(size=(5000, 64)))
    assert chosen is not None
    assert chosen.shape == (2000, 64)
    assert chosen.dtype == np.dtype(np.float16)
    np.testing.assert_allclose(np.linalg.norm(chosen.astype(float), axis=1), 1.0, atol=1e-3)
    wide = choose_references(random.normal(size=(200, 10_000)))
    assert wide is not None
    assert wide.size <= 1 << 19
    assert choose_references(np.array([[np.nan], [1.0], [1.0]])) is None
    assert choose_references(np.ones((2, 4))) is None


def test_the_novelty_rule_needs_19_images_for_one_in_twenty() -> None:
    assert fit_novelty(np.arange(18.0), 0.05) is None
    rule = fit_novelty(np.arange(19.0), 0.05)
    assert rule is not None
    assert rule.threshold == 18.0


def test_a_score_says_what_was_promised_and_survives_json() -> None:
    shares, targets, novelty = _draw(np.random.default_rng(3), 4000)
    rules: Decisions = fit_decisions(shares, targets, novelty, AnswersSection(risk=0.1))
    found = score_answers(rules, targets, shares, novelty)
    assert found.answered + found.unsure + found.unknown == pytest.approx(1.0)
    assert "promised: at most 10% with 95% confidence" in str(found)
    assert AnswersScore.model_validate_json(found.model_dump_json()) == found
    silent = score_answers(rules, targets, shares, novelty, risk=1e-4)
    assert (silent.answered, silent.answered_error) == (0.0, None)
    assert str(silent) == "gives no label to any of 4,000 test images"
