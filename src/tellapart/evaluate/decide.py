"""All rules of a classifier, fitted on validation images."""

import numpy as np
from numpy.typing import NDArray

from tellapart.decisions import Decisions, RiskTable, fewest_images
from tellapart.errors import DataError
from tellapart.evaluate.conformal import set_threshold
from tellapart.evaluate.novelty import fit_novelty
from tellapart.evaluate.promise import fit_risk_table
from tellapart.evaluate.temperature import fit_temperature, log_probabilities
from tellapart.sections import AnswersSection
from tellapart.verdicts import calibrate

ENOUGH = 2
"""Times the images that could prove the risk at the least: from so many on it is promised."""


def fit_decisions(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.int64],
    novelty: NDArray[np.floating] | None,
    section: AnswersSection,
) -> Decisions:
    """Return when a classifier answers; where there are too few images, a rule is left out.

    The risk and the sets of unsure answers are fitted on the images that do not look unknown,
    since only they get labels and sets.

    Args:
        probabilities: `(n, classes)`, as the network gives them, of images that it was neither
            trained on nor is scored on.
        targets: `(n,)`: the true classes' numbers.
        novelty: `(n,)`, or `None` where it cannot be measured.
        section: What is promised.

    Raises:
        DataError: There is no image.

    Example:
        >>> random = np.random.default_rng(0)
        >>> shares = random.dirichlet([0.1, 0.1, 0.1], 2000)
        >>> targets = (shares.cumsum(axis=1) < random.random((2000, 1))).sum(axis=1)
        >>> found = fit_decisions(shares, targets, None, AnswersSection())
        >>> round(found.temperature, 1), found.novelty
        (1.0, None)
    """
    if not len(targets):
        raise DataError("Rules must be fitted on validation images. Received: none.")
    temperature = fit_temperature(log_probabilities(probabilities), targets)
    calibrated = calibrate(probabilities, temperature)
    rule = None if novelty is None else fit_novelty(novelty, section.unknown)
    known = np.ones(len(targets), np.bool_)
    if rule is not None and novelty is not None:
        known = novelty < rule.threshold  # those strictly below an order statistic are a sample
    return Decisions(
        samples=len(targets),
        temperature=temperature,
        risk=section.risk,
        coverage=section.coverage,
        table=_table(calibrated[known], targets[known], section),
        set_threshold=set_threshold(calibrated[np.arange(len(targets)), targets], section.coverage),
        novelty=rule,
    )


def _table(
    calibrated: NDArray[np.float64], targets: NDArray[np.int64], section: AnswersSection
) -> RiskTable | None:
    if len(targets) < ENOUGH * fewest_images(section.risk):
        return None
    return fit_risk_table(calibrated, targets, section.coverage)
