"""From probabilities to the record of all scores: arrays in, one record out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from tellapart.errors import DataError
from tellapart.evaluate.bootstrap import count_units
from tellapart.evaluate.calibration import calibration
from tellapart.evaluate.classes import Ranking, class_scores, confused_pairs, rank_classes
from tellapart.evaluate.headline import ClassIntervals, Headline, headline, top_k
from tellapart.evaluate.intervals import accuracy_interval
from tellapart.evaluate.parts import Baseline
from tellapart.evaluate.ranking import class_curves
from tellapart.evaluate.record import ClassScore, Evaluation
from tellapart.evaluate.selective import risk_coverage
from tellapart.evaluate.slices import find_slices

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class About:
    """Is what is known of the scored samples, beside the answers about them.

    Attributes:
        data: The data set's name.
        split: Which part of it they are.
        note: What must be known to believe the scores.
        groups: `(n,)`: a number for each sample, the same within a group, such as a patient.
        temperature: Fitted on other samples; see `fit_temperature`.
        baselines: What simpler ways score on them.
        facts: By name, `(n,)`: what was measured on each picture; see `find_slices`.
    """

    data: str = "data"
    split: str = "test"
    note: str = ""
    groups: Numbers | None = None
    temperature: float | None = None
    baselines: tuple[Baseline, ...] = ()
    facts: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)


UNKNOWN = About()


def evaluate_probabilities(
    targets: Numbers,
    probabilities: NDArray[np.floating],
    class_names: Sequence[str],
    about: About = UNKNOWN,
) -> Evaluation:
    """Return all scores of some answers.

    Args:
        targets: `(n,)`: the true classes' numbers.
        probabilities: `(n, classes)`: rows that sum to 1.
        class_names: The classes, in the order of the columns.
        about: What else is known of the samples.

    Raises:
        DataError: There is nothing to score, or shapes or values do not fit.

    Example:
        >>> found = evaluate_probabilities(np.array([0, 1]), np.eye(2), ["cat", "dog"])
        >>> found.accuracy.value
        1.0
    """
    _check(targets, probabilities, len(class_names))
    _check_about(about, len(targets))
    groups, rows = about.groups, probabilities.astype(np.float64)
    answers = rows.argmax(axis=1)
    right = answers == targets
    confusion = confusion_matrix(targets, answers, labels=np.arange(len(class_names)))
    ranking = rank_classes(targets, rows)
    classes = class_scores(confusion, ranking, class_names)
    over_all = _headline(targets, rows, classes, ranking, groups)
    slices = find_slices(right, about.facts)
    return Evaluation(
        data=about.data,
        split=about.split,
        samples=len(targets),
        loss=over_all.log_loss.value,
        accuracy=accuracy_interval(right, groups),
        classes=classes,
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        confused=confused_pairs(confusion, class_names),
        note=about.note,
        groups=None if groups is None else count_units(len(targets), groups),
        balanced_accuracy=over_all.balanced_accuracy,
        macro_f1=over_all.macro_f1,
        top_k=top_k(targets, rows, groups),
        log_loss=over_all.log_loss,
        brier=over_all.brier,
        roc_area=over_all.roc_area,
        curves=class_curves(targets, rows, class_names),
        calibration=calibration(rows, targets, groups, about.temperature),
        risk_coverage=risk_coverage(rows.max(axis=1), right),
        baselines=about.baselines,
        slices=slices.found,
        slices_tried=slices.tried,
    )


def evaluate_answers(
    targets: Numbers, answers: Numbers, class_names: Sequence[str], about: About = UNKNOWN
) -> Evaluation:
    """Return the scores of answers that nobody knows the probabilities of.

    Args:
        targets: `(n,)`: the true classes' numbers.
        answers: `(n,)`: the answered ones.
        class_names: The classes.
        about: What else is known of the samples.

    Returns:
        A record without loss, curves, calibration and the like.

    Raises:
        DataError: There is nothing to score, or shapes or values do not fit.

    Example:
        >>> evaluate_answers(np.array([0, 1]), np.array([0, 0]), ["cat", "dog"]).accuracy.value
        0.5
    """
    found = evaluate_probabilities(targets, np.eye(len(class_names))[answers], class_names, about)
    unranked = {"roc_area": None, "average_precision": None}
    return found.model_copy(
        update={
            **dict.fromkeys(("loss", "top_k", "log_loss", "brier", "roc_area")),
            "curves": (),
            "calibration": None,
            "risk_coverage": None,
            "classes": tuple(one.model_copy(update=unranked) for one in found.classes),
        }
    )


def _headline(
    targets: Numbers,
    rows: NDArray[np.float64],
    classes: Sequence[ClassScore],
    ranking: Ranking,
    groups: Numbers | None,
) -> Headline:
    known = ClassIntervals(
        recalls=[one.recall_interval for one in classes if one.recall_interval is not None],
        f1s=[one.f1_interval for one in classes if one.f1_interval is not None],
        roc_area=ranking.mean,
        shares=ranking.shares,
    )
    return headline(targets, rows, known, groups)


def _check(targets: Numbers, probabilities: NDArray[np.floating], classes: int) -> None:
    if probabilities.shape != (len(targets), classes) or not len(targets):
        raise DataError(
            f"Probabilities must be ({len(targets)}, {classes}), for at least one sample. "
            f"Received: {probabilities.shape}."
        )
    if targets.min() < 0 or targets.max() >= classes:
        raise DataError(
            f"Targets must be from 0 to {classes - 1}. Received: {targets.min()} to "
            f"{targets.max()}."
        )
    if not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-3) or probabilities.min() < 0:
        raise DataError("Probabilities must be at least 0, and each row must sum to 1.")


def _check_about(about: About, count: int) -> None:
    """Raise `DataError` unless what is said of the samples is said of each of them."""
    columns = {"groups": about.groups, **about.facts}
    for name, values in columns.items():
        if values is not None and values.shape != (count,):
            raise DataError(
                f"`{name}` must be ({count},), one for each sample. Received: {values.shape}."
            )
