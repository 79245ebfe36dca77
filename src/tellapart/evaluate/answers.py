"""How well a classifier keeps the promises of its rules: arrays in, one record out."""

import numpy as np
from numpy.typing import NDArray

from tellapart.decisions import Decisions
from tellapart.errors import DataError
from tellapart.evaluate.answered import AnswersScore
from tellapart.evaluate.intervals import wilson_interval
from tellapart.verdicts import Verdicts, judge


def score_answers(
    decisions: Decisions,
    targets: NDArray[np.int64],
    probabilities: NDArray[np.floating],
    novelty: NDArray[np.float32] | None,
    risk: float | None = None,
) -> AnswersScore:
    """Return what the rules of a classifier come to on samples whose classes are known.

    Args:
        decisions: The rules.
        targets: `(n,)`: the true classes' numbers, n at least 1.
        probabilities: `(n, classes)`, as the network gives them.
        novelty: `(n,)`, or `None`.
        risk: Instead of the one of the rules.

    Raises:
        DataError: There is no sample.
        UsageError: `risk` is not between 0 and 1.

    Example:
        >>> from tellapart.evaluate.decide import fit_decisions
        >>> from tellapart.sections import AnswersSection
        >>> shares, targets = np.full((400, 2), [0.9, 0.1]), np.zeros(400, np.int64)
        >>> rules = fit_decisions(shares, targets, None, AnswersSection())
        >>> print(score_answers(rules, targets, shares, None))
        answers 100.0% of 400 test images, wrong on 0.0% of those; promised: at most 2% with \
95% confidence
    """
    if not len(targets):
        raise DataError("Answers must be scored on at least one sample. Received: none.")
    found = judge(decisions, probabilities, novelty, risk=risk)
    always = judge(decisions, probabilities, novelty, always_answer=True)
    label, unsure = found.kinds == "label", found.kinds == "unsure"
    wrong = probabilities.argmax(axis=1) != targets
    count = int(label.sum())
    error = wilson_interval(int(wrong[label].sum()), count) if count else None
    everything = np.ones(len(targets), np.bool_)
    promised = decisions.risk if risk is None else risk
    return AnswersScore(
        samples=len(targets),
        risk=None if decisions.table is None else promised,
        coverage=decisions.coverage,
        answered=count / len(targets),
        answered_error=error.value if error else None,
        answered_error_low=error.low if error else None,
        answered_error_high=error.high if error else None,
        unsure=float(unsure.mean()),
        unsure_coverage=_coverage(found, targets, unsure),
        unsure_set_size=_size(found, unsure),
        unknown=float((found.kinds == "unknown").mean()),
        always_coverage=_coverage(always, targets, everything) or 0.0,
        always_set_size=_size(always, everything) or 0.0,
    )


def _coverage(
    found: Verdicts, targets: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> float | None:
    """Return how often the sets of the chosen samples hold the true class."""
    held = found.sets[np.arange(len(targets)), targets]
    return float(held[chosen].mean()) if chosen.any() else None


def _size(found: Verdicts, chosen: NDArray[np.bool_]) -> float | None:
    return float(found.sets[chosen].sum(axis=1).mean()) if chosen.any() else None
