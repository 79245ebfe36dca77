"""The parts of an evaluation: plain data, each computed by the file named after it."""

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class Record(BaseModel):
    """Is plain data that never changes and refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(Record):
    """An estimate with the ends of its 95% interval."""

    value: float
    low: float
    high: float

    @override
    def __str__(self) -> str:
        """Return it as `90.84% (95% interval 90.26% to 91.39%)`."""
        return f"{self.value:.2%} (95% interval {self.low:.2%} to {self.high:.2%})"


class TopK(Record):
    """How often the true class is among the `k` most probable ones."""

    k: int
    score: Interval


class Curve(Record):
    """The points of a curve, thinned to what an eye can tell apart."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class ClassCurves(Record):
    """How well one class is ranked before all others, by its probability.

    Attributes:
        name: The class.
        roc: x is the false positive rate, y the true positive rate.
        precision_recall: x is the recall, y the precision.
    """

    name: str
    roc: Curve
    precision_recall: Curve


class ReliabilityBin(Record):
    """Samples whose answers are about equally sure.

    Attributes:
        confidence: The mean probability of their answers.
        accuracy: The share of right answers among them, with its Wilson interval.
        samples: How many they are.
    """

    confidence: float
    accuracy: Interval
    samples: int


class Reliability(Record):
    """Whether a classifier is as sure as it is right.

    Attributes:
        error: The expected calibration error: 0 is best.
        bins: From the least sure answers to the surest, equally many in each.
    """

    error: Interval
    bins: tuple[ReliabilityBin, ...]


class Calibration(Record):
    """The reliability of the answers as they are, and at a fitted temperature.

    Attributes:
        before: As the network gives them.
        temperature: Fitted on samples that are not these; `None` where there were none.
        after: At that temperature.
    """

    before: Reliability
    temperature: float | None = None
    after: Reliability | None = None


class RiskCoverage(Record):
    """How seldom a classifier errs when it answers its surest samples only.

    Attributes:
        area: Under the curve, the mean risk over all coverages: 0 is best.
        curve: x is the coverage, the share of samples answered; y the risk, the share of
            these that is wrong.
    """

    area: float
    curve: Curve


class Baseline(Record):
    """What a simpler way would have scored on the same samples.

    Attributes:
        name: What it does, in words.
        accuracy: The share of right answers, with its Wilson interval.
        trained_on: How many samples it learned from; 0 for one that saw none.
    """

    name: str
    accuracy: Interval
    trained_on: int


class Slice(Record):
    """Samples that have something in common and are answered worse than the rest.

    Attributes:
        fact: What was measured, such as "brightness".
        low: Its least value among them.
        high: Its greatest.
        samples: How many they are.
        accuracy: Among them, with its Wilson interval.
        rest: The same among all others.
        p_value: One-sided, by Fisher's exact test, with Holm's correction for all slices.
    """

    fact: str
    low: float
    high: float
    samples: int
    accuracy: Interval
    rest: Interval
    p_value: float


class CleanScore(Record):
    """The accuracy without the samples that have a copy, or one of their group, in training.

    Attributes:
        samples: How many were scored.
        leaking: How many of them have a copy or one of their group in training.
        accuracy: On all of them.
        clean: On those that do not leak; `None` where all do.
        leaked: On those that leak; `None` where none does.
    """

    samples: int
    leaking: int
    accuracy: Interval
    clean: Interval | None
    leaked: Interval | None

    @override
    def __str__(self) -> str:
        """Return it as a sentence that stands beside the headline."""
        if not self.leaking:
            return "No image scored has a copy, or one of its group, among those to train on."
        said = f"Images with a copy, or one of their group, in training: {self.leaking:,}. "
        if self.clean is None:
            return said + "Nothing is left to score without them."
        left = self.samples - self.leaking
        return said + f"Without them, on {left:,} images: accuracy {self.clean}."
