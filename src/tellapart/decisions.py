"""When a classifier answers, and when it says that it is unsure or that it does not know.

The rules are numbers, fitted on validation images (`evaluate.decide`) and kept in the bundle;
`verdicts` applies them.
"""

import math
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tellapart.errors import UsageError
from tellapart.sections import Fraction, PositiveFloat

CONFIDENCE = 0.95
"""How sure the promise about wrong answers is."""

START = 0.2
"""The share of images that the search for a threshold begins with, the surest first."""

_MOST_IMAGES = 2.0**53
"""What stands for more images than can be counted."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class RiskTable(_Record):
    """What answering only from some probability on came to, on validation images.

    Each place of the tuples is one threshold, the strictest first.

    Attributes:
        samples: The validation images that do not look unknown.
        thresholds: A label is given where its probability is at least this.
        answered: How many images got a label then.
        wrong: How many of these labels were wrong.
        bounds: The share of wrong labels is at most this, with 95% confidence.
        set_thresholds: Which classes the others may be: those at least so probable.
        set_threshold_of_all: The same, where nothing gets a label.
    """

    samples: Annotated[int, Field(ge=1)]
    thresholds: tuple[Share, ...]
    answered: tuple[Count, ...]
    wrong: tuple[Count, ...]
    bounds: tuple[Share, ...]
    set_thresholds: tuple[Share, ...]
    set_threshold_of_all: Share

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        columns = (self.thresholds, self.answered, self.wrong, self.bounds, self.set_thresholds)
        if len({len(column) for column in columns}) != 1:
            raise ValueError("the columns of the risk table must have one length")
        if list(self.answered) != sorted(self.answered) or self.answered[-1:] > (self.samples,):
            raise ValueError("the risk table must go from the strictest threshold down")
        return self

    def row_for(self, risk: float) -> int | None:
        """Return the row that answers most images at a risk of at most `risk`, or `None`.

        Rows are tested one after another, the surest images first, until one fails; so all
        that pass keep the promise with 95% confidence together (fixed-sequence testing:
        Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test", 2021). The first row
        to be tested follows from `risk` and the number of images alone.
        """
        first = max(fewest_images(risk), math.ceil(START * self.samples))
        best = None
        for row, (answered, bound) in enumerate(zip(self.answered, self.bounds, strict=True)):
            if answered < first:
                continue
            if bound > risk:
                break
            best = row
        return best

    def thresholds_for(self, risk: float) -> tuple[float, float]:
        """Return the least probability of a label, and that of a class in a set.

        Where no threshold keeps the risk, the first is infinite: nothing gets a label.

        Raises:
            UsageError: `risk` is not between 0 and 1.
        """
        row = self.row_for(risk)
        if row is None:
            return math.inf, self.set_threshold_of_all
        return self.thresholds[row], self.set_thresholds[row]


class NoveltyRule(_Record):
    """When a picture is unlike all that the classifier was trained on.

    Attributes:
        neighbour: Its distance is that to the so manieth nearest reference picture.
        threshold: It is called unknown where it is farther than this.
        share: How many known pictures are called unknown by mistake, at most, on average.
        samples: The validation images that the threshold was fitted on.
    """

    neighbour: Annotated[int, Field(ge=1)]
    threshold: Annotated[float, Field(ge=0.0)]
    share: Fraction
    samples: Annotated[int, Field(ge=1)]


class Decisions(_Record):
    """All rules of one classifier, as its bundle keeps them.

    Attributes:
        samples: The validation images that they were fitted on.
        temperature: Probabilities are cooled by it (Guo et al. 2017).
        risk: The share of wrong labels that is promised unless another is asked for.
        coverage: How often a set of classes holds the true one.
        table: Which threshold keeps which risk; `None` where there were too few images.
        set_threshold: Which classes any picture may be, unknown or not: those at least so
            probable. It is used where every picture must be answered.
        novelty: `None` where the network has no features, or there were too few images.
    """

    samples: Annotated[int, Field(ge=1)]
    temperature: PositiveFloat
    risk: Fraction
    coverage: Fraction
    table: RiskTable | None
    set_threshold: Share
    novelty: NoveltyRule | None


def fewest_images(risk: float) -> int:
    """Return how many right answers prove a risk at the least, with 95% confidence.

    Raises:
        UsageError: `risk` is not between 0 and 1.

    Example:
        >>> fewest_images(0.02)
        149
    """
    if not 0.0 < risk < 1.0:
        raise UsageError(f"`risk` must be above 0 and below 1. Received: {risk}. Fix: --risk 0.02")
    least = math.log(1.0 - CONFIDENCE) / math.log1p(-risk)
    return math.ceil(min(least, _MOST_IMAGES))
