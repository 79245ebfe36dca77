"""The record of what answering only when sure came to: plain data."""

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class AnswersScore(BaseModel):
    """How often a classifier answers, and how often it is right then.

    Attributes:
        samples: How many samples were judged; all are of classes that the classifier knows.
        risk: The share of wrong labels that was promised, or `None` where none was.
        coverage: How often sets were to hold the true class.
        answered: The share of samples that got a label.
        answered_error: The share of wrong labels among those; `None` where there are none.
        answered_error_low: The lower end of its 95% Wilson interval.
        answered_error_high: The upper end.
        unsure: The share of samples that got a set.
        unsure_coverage: How often the set holds the true class; `None` where there are none.
        unsure_set_size: The mean number of classes in it.
        unknown: The share of samples that were called unknown, all by mistake.
        always_coverage: How often the set holds the true class where all must be answered.
        always_set_size: The mean number of classes in it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int
    risk: float | None
    coverage: float
    answered: float
    answered_error: float | None
    answered_error_low: float | None
    answered_error_high: float | None
    unsure: float
    unsure_coverage: float | None
    unsure_set_size: float | None
    unknown: float
    always_coverage: float
    always_set_size: float

    @property
    def is_promise_kept(self) -> bool:
        """Return whether no more labels were wrong than was promised, chance left aside."""
        return not (self.risk and self.answered_error and self.answered_error > self.risk)

    @override
    def __str__(self) -> str:
        """Return it in one sentence."""
        if self.answered_error is None:
            return f"gives no label to any of {self.samples:,} test images"
        promise = (
            "nothing is promised"
            if self.risk is None
            else f"promised: at most {100 * self.risk:g}% with 95% confidence"
            + ("" if self.is_promise_kept else ", which did not hold here")
        )
        return (
            f"answers {100 * self.answered:.1f}% of {self.samples:,} test images, wrong on "
            f"{100 * self.answered_error:.1f}% of those; {promise}"
        )
