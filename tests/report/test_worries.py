"""What to worry about follows from the scores, the curves and the files."""

import numpy as np
import pytest

from tellapart.check.finding import Finding
from tellapart.evaluate.answered import AnswersScore
from tellapart.evaluate.parts import Baseline, Interval, Slice
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import evaluate_probabilities
from tellapart.report.worries import find_worries
from tellapart.train.history import EpochRecord, History

NAMES = ("cat", "dog", "fox")


def scored(right: list[float], each: int = 1000, sure: float = 0.9) -> Evaluation:
    """Return the scores of a classifier that is right so often in each of three classes."""
    rng = np.random.default_rng(0)
    targets = np.repeat(np.arange(3), each)
    hits = rng.random(len(targets)) < np.array(right)[targets]
    answers = np.where(hits, targets, (targets + 1) % 3)
    rows = np.full((len(targets), 3), (1 - sure) / 2)
    rows[np.arange(len(targets)), answers] = sure
    return evaluate_probabilities(targets, rows, NAMES)


def history(accuracy: float, val_accuracy: float) -> History:
    return History(
        (
            EpochRecord(
                epoch=1,
                loss=0.1,
                accuracy=accuracy,
                val_loss=0.1,
                val_accuracy=val_accuracy,
                seconds=1.0,
                images_per_second=1.0,
                learning_rate=0.1,
            ),
        )
    )


def names_of(found: tuple[Finding, ...]) -> list[str]:
    return [finding.check for finding in found]


def test_a_good_and_honest_run_gives_nothing_to_worry_about() -> None:
    good = scored([0.9, 0.9, 0.9])
    assert find_worries(good, history(0.92, 0.9), validated_on_test=False) == ()


def test_test_images_that_were_looked_at_while_choosing_are_told() -> None:
    seen = scored([0.9, 0.9, 0.9]).model_copy(update={"looks": 3})
    found = find_worries(seen, history(0.9, 0.9), validated_on_test=True)
    assert names_of(found) == ["validated-on-test", "looked-before"]
    assert "scored 3 times before" in found[1].message


def test_few_test_images_make_a_rough_score() -> None:
    found = find_worries(scored([0.9] * 3, each=20), history(0.9, 0.9), validated_on_test=False)
    assert set(names_of(found)) >= {"rough-score", "few-of-a-class"}
    few = next(finding for finding in found if finding.check == "few-of-a-class")
    assert "cat (20), dog (20), fox (20)" in few.message


def test_a_network_that_is_no_better_than_a_simple_way_is_a_problem_and_comes_first() -> None:
    simple = Baseline(
        name="nearest neighbour",
        accuracy=Interval(value=0.91, low=0.9, high=0.92),
        trained_on=1,
    )
    weak = scored([0.9] * 3).model_copy(update={"baselines": (simple,), "looks": 1})
    found = find_worries(weak, history(0.9, 0.9), validated_on_test=False)
    assert names_of(found) == ["no-better", "looked-before"]
    assert found[0].severity == "problem"


@pytest.mark.parametrize(
    ("wrong", "severity"),
    [(0.015, None), (0.02, None), (0.022, "remark"), (0.03, "warning")],
)
def test_a_promise_that_the_test_images_break_is_told(wrong: float, severity: str | None) -> None:
    kept = AnswersScore(
        samples=10_000,
        risk=0.02,
        coverage=0.9,
        answered=0.8,
        answered_error=wrong,
        answered_error_low=wrong - 0.004,
        answered_error_high=wrong + 0.004,
        unsure=0.15,
        unsure_coverage=0.9,
        unsure_set_size=1.5,
        unknown=0.05,
        always_coverage=0.9,
        always_set_size=1.0,
    )
    found = find_worries(
        scored([0.9] * 3).model_copy(update={"answers": kept}),
        history(0.9, 0.9),
        validated_on_test=False,
    )
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert ("did not hold here" in str(kept)) == (severity is not None)
    if severity:
        assert f"{wrong:.1%} are" in found[0].message


def test_a_weak_class_and_a_weak_slice_are_named() -> None:
    part = Slice(
        fact="brightness",
        low=0.0,
        high=40.0,
        samples=100,
        accuracy=Interval(value=0.5, low=0.4, high=0.6),
        rest=Interval(value=0.9, low=0.89, high=0.91),
        p_value=0.001,
    )
    weak = scored([0.95, 0.95, 0.6], sure=0.8).model_copy(update={"slices": (part,)})
    found = find_worries(weak, history(0.9, 0.9), validated_on_test=False)
    assert set(names_of(found)) >= {"weak-class", "weak-slice"}
    assert any(finding.message.startswith("fox is recognised in 6") for finding in found)
    assert any("brightness from 0 to 40" in finding.message for finding in found)


def test_probabilities_that_are_off_are_told() -> None:
    found = find_worries(scored([0.7] * 3, sure=0.99), history(0.7, 0.7), validated_on_test=False)
    assert "miscalibrated" in names_of(found)


def test_learning_by_heart_shows_in_the_curves() -> None:
    found = find_worries(scored([0.9] * 3), history(1.0, 0.8), validated_on_test=False)
    assert names_of(found) == ["learned-by-heart"]


def test_skipped_files_and_findings_in_the_data_are_passed_on() -> None:
    leak = Finding(check="leaks", severity="problem", message="A leak.", advice="Mend it.")
    found = find_worries(
        scored([0.9] * 3),
        history(0.9, 0.9),
        validated_on_test=False,
        skipped=("a.png",),
        data=(leak,),
    )
    assert [finding.check for finding in found] == ["leaks", "unreadable"]
    assert found[1].files == ("a.png",)
