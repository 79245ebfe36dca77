"""The record of all scores: plain data; tables, pages and plots are drawn from it."""

from typing_extensions import override

from tellapart.evaluate.answered import AnswersScore
from tellapart.evaluate.parts import (
    Baseline,
    Calibration,
    ClassCurves,
    CleanScore,
    Interval,
    Record,
    RiskCoverage,
    Slice,
    TopK,
)

_LARGE, _SMALL = 1.5, 1 / 3


class ClassScore(Record):
    """The scores of one class; `None` where a score has no meaning.

    Attributes:
        name: The class.
        precision: Of the samples taken for it, the share that is of it.
        recall: Of its samples, the share that is taken for it.
        f1: The harmonic mean of both.
        support: How many samples it has.
        precision_interval: With its Wilson interval.
        recall_interval: The same.
        f1_interval: F1 and the Wilson interval of right answers among all samples that are,
            or are taken for, the class, which F1 follows from.
        roc_area: How often one of its samples is ranked before one of another class.
        average_precision: The area under its precision–recall curve.
    """

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None
    f1_interval: Interval | None = None
    roc_area: float | None = None
    average_precision: float | None = None


class ConfusedPair(Record):
    """How often samples of one class were taken for another.

    Attributes:
        target: The true class.
        predicted: What it was taken for.
        count: How often.
        share: Of the target's samples.
    """

    target: str
    predicted: str
    count: int
    share: float


class SkippedFile(Record):
    """A picture that was not scored.

    Attributes:
        file: Its path, or its place within a file.
        reason: A short code such as "truncated".
        detail: What was found, in words.
    """

    file: str
    reason: str
    detail: str


class Evaluation(Record):
    """All scores of one classifier on some samples; older records lack what has a default.

    Attributes:
        data: The data set's name.
        split: Which part of it.
        samples: How many were scored.
        loss: Mean cross-entropy, natural logarithm; `None` where only answers are known, as
            are all scores of probabilities then.
        accuracy: The share of right answers, with its Wilson interval.
        classes: The scores by class, in class order.
        confusion: Rows are true classes, columns predicted ones.
        confused: The pairs that are confused most, worst first.
        note: What must be known to believe the scores.
        groups: How many groups the samples are of; intervals are those of so many. `None`
            where every sample is on its own.
        balanced_accuracy: The mean recall of the classes that have samples.
        macro_f1: The mean F1 of the classes.
        top_k: How often the true class is among the first few; `None` with two classes.
        log_loss: `loss` with its bootstrap interval.
        brier: The mean squared error of a sample's probabilities, summed over classes: 0–2.
        roc_area: The mean area under the classes' ROC curves.
        curves: These and the precision–recall curves; none above 100 classes.
        calibration: Whether the probabilities can be believed.
        risk_coverage: What answering only the surest samples gains.
        baselines: What simpler ways score on the same samples.
        slices: Samples with something in common that are answered worse than the rest.
        slices_tried: How many were looked at; 0 where nothing was measured.
        looks: How often these samples had been scored before, as far as that is written
            down; `None` where it is not.
        skipped: The pictures that could not be read; a run lists them in `skipped.json`.
        answers: What its rules for answering come to; `None` where it has none.
        clean: The score without images that leak; `None` where nobody looked.
    """

    data: str
    split: str
    samples: int
    loss: float | None
    accuracy: Interval
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    confused: tuple[ConfusedPair, ...]
    note: str = ""
    groups: int | None = None
    balanced_accuracy: Interval | None = None
    macro_f1: Interval | None = None
    top_k: TopK | None = None
    log_loss: Interval | None = None
    brier: Interval | None = None
    roc_area: Interval | None = None
    curves: tuple[ClassCurves, ...] = ()
    calibration: Calibration | None = None
    risk_coverage: RiskCoverage | None = None
    baselines: tuple[Baseline, ...] = ()
    slices: tuple[Slice, ...] = ()
    slices_tried: int = 0
    looks: int | None = None
    skipped: tuple[SkippedFile, ...] = ()
    answers: AnswersScore | None = None
    clean: CleanScore | None = None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the class names in class order."""
        return tuple(score.name for score in self.classes)

    @property
    def is_older(self) -> bool:
        """Return whether it was written before there were more scores than these."""
        return self.balanced_accuracy is None

    @property
    def is_skewed(self) -> bool:
        """Return whether accuracy tells more of some classes than of others.

        So it does where a class has half as many samples again as its even share, or less
        than a third of it. Balanced accuracy comes first then.
        """
        supports = [score.support for score in self.classes if score.support]
        even = self.samples / max(len(supports), 1)
        return any(not _SMALL * even <= support <= _LARGE * even for support in supports)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """Return the record that `to_json` wrote, of this version or an older one.

        Raises:
            ValueError: It is not such a record.
        """
        return cls.model_validate_json(text)

    @override
    def __str__(self) -> str:
        """Return the headline."""
        first = f"accuracy {self.accuracy}"
        if self.is_skewed and self.balanced_accuracy is not None:
            first = f"balanced accuracy {self.balanced_accuracy}, {first}"
        loss = "" if self.loss is None else f", loss {self.loss:.4f}"
        return f"{first}{loss}, on {self.samples:,} {self.split} images of {self.data}"


class FoldScore(Record):
    """The accuracy on one fold of a cross-validation, with its Wilson interval.

    Attributes:
        number: The fold's, from 1.
        samples: How many it has.
        accuracy: Of the one network that has not seen it.
    """

    number: int
    samples: int
    accuracy: Interval


class FoldScores(Record):
    """The accuracies of a cross-validation.

    Attributes:
        folds: One for each fold, in order.
        pooled: Over all samples, each answered once, with its Wilson interval.
        mean: Of the folds' accuracies.
        standard_deviation: Of the folds' accuracies, with one degree of freedom less.
    """

    folds: tuple[FoldScore, ...]
    pooled: Interval
    mean: float
    standard_deviation: float

    @override
    def __str__(self) -> str:
        """Return the headline."""
        return (
            f"accuracy {self.pooled}, {self.mean:.2%} ± {self.standard_deviation:.2%} "
            f"over {len(self.folds)} folds"
        )


class PairedComparison(Record):
    """How often two classifiers, A and B, are right on the same samples.

    Attributes:
        samples: How many there are.
        both: How many both have right.
        only_a: How many A alone has right.
        only_b: How many B alone has right.
        neither: How many none has right.
        difference: The accuracy of B minus that of A, with its 95% interval.
        p_value: Of McNemar's test, two-sided.
    """

    samples: int
    both: int
    only_a: int
    only_b: int
    neither: int
    difference: Interval
    p_value: float
