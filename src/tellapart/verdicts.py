"""From probabilities and features to verdicts: a label, "unsure" with a set, or "unknown".

This needs NumPy alone, so that every way to predict comes to the same verdicts.
"""

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from tellapart.decisions import Decisions

Kind = Literal["label", "unsure", "unknown"]

_KINDS = np.array(["label", "unsure", "unknown"])

_FLOOR = 1e-12
"""What a probability below it counts as, as in `evaluate.temperature`."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """What is said of each of n pictures.

    Attributes:
        kinds: `(n,)`, text: "label", "unsure" or "unknown".
        probabilities: `(n, classes)`, float32: calibrated; the order is the network's.
        sets: `(n, classes)`, bool: the classes that are named: one for a label, at least one
            where it is unsure, none where it is unknown.
        novelty: `(n,)`, float32, or `None` where novelty is not measured.
    """

    kinds: NDArray[np.str_]
    probabilities: NDArray[np.float32]
    sets: NDArray[np.bool_]
    novelty: NDArray[np.float32] | None

    def kind(self, row: int) -> Kind:
        """Return the verdict on one picture."""
        return cast(Kind, str(self.kinds[row]))


def judge(
    decisions: Decisions,
    probabilities: NDArray[np.floating],
    novelty: NDArray[np.float32] | None,
    *,
    risk: float | None = None,
    always_answer: bool = False,
) -> Verdicts:
    """Return what is said of each picture.

    A picture is unknown where its novelty is above the rule's threshold; else it gets a label
    where the label's probability is high enough for the risk; else it is unsure, with the
    classes that hold the true one as often as `decisions.coverage` says, among such pictures.

    Args:
        decisions: The classifier's rules.
        probabilities: `(n, classes)`, as the network gives them.
        novelty: `(n,)` by `measure_novelty`, or `None`.
        risk: The share of wrong labels to accept; by default the one of the rules.
        always_answer: Give a label to every picture; its set is then the one that holds for
            all pictures together.

    Raises:
        UsageError: `risk` is not between 0 and 1.
    """
    calibrated = calibrate(probabilities, decisions.temperature)
    best, top = calibrated.max(axis=1), probabilities.argmax(axis=1)
    label = np.ones(len(calibrated), np.bool_)
    unknown = np.zeros(len(calibrated), np.bool_)
    set_threshold = decisions.set_threshold
    table = decisions.table
    if not always_answer:
        if novelty is not None and decisions.novelty is not None:
            unknown = ~(novelty <= decisions.novelty.threshold)
        if table is not None:
            least, set_threshold = table.thresholds_for(decisions.risk if risk is None else risk)
            label = (best >= least) & ~unknown
        label &= ~unknown
    sets = calibrated >= set_threshold
    sets[np.arange(len(sets)), top] = True
    if not always_answer:
        sets &= ~unknown[:, None] & ~label[:, None]
        sets[label, top[label]] = True
    kinds = _KINDS[np.where(label, 0, 1 + unknown)]
    return Verdicts(kinds, calibrated.astype(np.float32), sets, novelty)


def calibrate(probabilities: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return probabilities `(n, classes)` at a temperature; no row changes its order.

    C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural networks", 2017.

    Example:
        >>> calibrate(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
        [[0.667, 0.333]]
    """
    logs = np.log(np.maximum(probabilities.astype(np.float64), _FLOOR)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def measure_novelty(
    features: NDArray[np.floating], references: NDArray[np.floating], neighbour: int
) -> NDArray[np.float32]:
    """Return how unlike the references each picture is: 0 is the same, 1 or more is foreign.

    It is one minus the cosine of the angle between its features and those of the
    `neighbour`-th nearest reference. Y. Sun, Y. Ming, X. Zhu and Y. Li, "Out-of-distribution
    detection with deep nearest neighbors", 2022.

    Args:
        features: `(n, width)`.
        references: `(m, width)`, rows of length 1, m at least `neighbour`.
        neighbour: Counted from 1.

    Example:
        >>> measure_novelty(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0]]), 1).tolist()
        [0.0, 1.0]
    """
    nearness = unit_rows(features) @ references.astype(np.float32, copy=False).T
    return np.asarray(1.0 - np.partition(nearness, -neighbour, axis=1)[:, -neighbour])


def unit_rows(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return rows scaled to length 1, float32; a row of zeros stays one."""
    rows = features.astype(np.float32, copy=False)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-12)))
