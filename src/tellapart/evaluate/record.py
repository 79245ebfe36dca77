"""The record of all scores: plain data; tables, pages and plots are drawn from it."""

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Interval(_Record):
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @override
    def __str__(self) -> str:
        """Return it as `90.84% (95% interval 90.26% to 91.39%)`."""
        return f"{self.value:.2%} (95% interval {self.low:.2%} to {self.high:.2%})"


class ClassScore(_Record):
    """The scores of one class; `None` where a score has no meaning."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


class ConfusedPair(_Record):
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


class CleanScore(_Record):
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


class Evaluation(_Record):
    """All scores of one classifier on some samples.

    Attributes:
        data: The data set's name.
        split: Which part of it.
        samples: How many were scored.
        loss: Mean cross-entropy, natural logarithm.
        accuracy: The share of right answers, with its Wilson interval.
        classes: The scores by class, in class order.
        confusion: Rows are true classes, columns predicted ones.
        confused: The pairs that are confused most, worst first.
        note: What must be known to believe the scores.
        clean: The score without images that leak; `None` where nobody looked.
    """

    data: str
    split: str
    samples: int
    loss: float
    accuracy: Interval
    classes: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    confused: tuple[ConfusedPair, ...]
    note: str = ""
    clean: CleanScore | None = None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the class names in class order."""
        return tuple(score.name for score in self.classes)

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """Return the record that `to_json` wrote.

        Raises:
            ValueError: It is not such a record.
        """
        return cls.model_validate_json(text)

    @override
    def __str__(self) -> str:
        """Return the headline."""
        return (
            f"accuracy {self.accuracy}, loss {self.loss:.4f}, "
            f"on {self.samples:,} {self.split} images of {self.data}"
        )


class PairedComparison(_Record):
    """How often two classifiers, A and B, are right on the same samples.

    Attributes:
        samples: How many there are.
        both: How many both have right.
        only_a: How many A alone has right.
        only_b: How many B alone has right.
        neither: How many none has right.
        difference: The accuracy of B minus that of A, with its 95 % interval.
        p_value: Of McNemar's test, two-sided.
    """

    samples: int
    both: int
    only_a: int
    only_b: int
    neither: int
    difference: Interval
    p_value: float
