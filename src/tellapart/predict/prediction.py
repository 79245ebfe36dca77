"""The answer about one picture."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

Verdict = Literal["label", "unsure", "unknown", "error"]


class Choice(BaseModel):
    """A class name and its probability."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    probability: float


class Prediction(BaseModel):
    """The answer about one picture, or why there is none.

    Attributes:
        name: The file, or the picture's position among what was given.
        choices: The most probable classes, best first; empty where there is an error. They
            are there whatever the verdict is.
        verdict: "label" is an answer; "unsure" one among the classes of `set`; "unknown" says
            that the picture is unlike all that the classifier was trained on.
        set: The classes that the picture may be, most probable first: one for a label, none
            where it is unknown.
        novelty: How unlike the training images the picture is, from 0, where that is measured.
        error: Why the picture could not be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    choices: tuple[Choice, ...] = ()
    verdict: Verdict = "label"
    set: tuple[Choice, ...] = ()
    novelty: float | None = None
    error: str | None = None

    @property
    def label(self) -> str | None:
        """Return the most probable class's name, even where the verdict is no label."""
        return self.choices[0].label if self.choices else None

    @property
    def probability(self) -> float | None:
        """Return the most probable class's probability."""
        return self.choices[0].probability if self.choices else None

    @override
    def __str__(self) -> str:
        """Return it as `Ankle boot (98.4%)` or `unsure: Shirt or Coat (51%, 44%)`."""
        match self.verdict:
            case "label":
                return f"{self.label} ({self.probability:.1%})"
            case "unsure":
                shares = ", ".join(f"{choice.probability:.0%}" for choice in self.set)
                return f"unsure: {' or '.join(choice.label for choice in self.set)} ({shares})"
            case "unknown":
                return "unknown"
            case "error":
                return f"error: {self.error}"
