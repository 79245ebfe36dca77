"""What answers and pictures were like on the validation images: later ones are held against it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tellapart.sections import Fraction

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Spread(_Record):
    """Is how a number was spread over pictures.

    Attributes:
        mean: Its mean.
        deviation: Its standard deviation.
    """

    mean: float
    deviation: Annotated[float, Field(ge=0.0)]


class Profile(_Record):
    """Is what a classifier's validation images were like, without any of them.

    Attributes:
        samples: The validation images that it was asked about.
        measured: How many of them were measured, drawn at random.
        risk: The share of wrong labels that the answers were given for.
        unsure: The share of answers that were "unsure".
        unknown: The share of answers that were "unknown".
        brightness: Mean grey level of the pixels that the network sees, 0–255.
        contrast: Standard deviation of these grey levels.
        sharpness: As `data.measures` has it.
        novelty: How unlike the training images they are; `None` where that is not measured.
    """

    samples: Positive
    measured: Positive
    risk: Fraction
    unsure: Share
    unknown: Share
    brightness: Spread
    contrast: Spread
    sharpness: Spread
    novelty: Spread | None
