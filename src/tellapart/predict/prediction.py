"""The answer about one picture."""

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class Choice(BaseModel):
    """A class name and its probability."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    probability: float


class Prediction(BaseModel):
    """The answer about one picture, or why there is none.

    Attributes:
        name: The file, or the picture's position among what was given.
        choices: The most probable classes, best first; empty where there is an error.
        error: Why the picture could not be read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    choices: tuple[Choice, ...] = ()
    error: str | None = None

    @property
    def label(self) -> str | None:
        """Return the most probable class's name."""
        return self.choices[0].label if self.choices else None

    @property
    def probability(self) -> float | None:
        """Return the most probable class's probability."""
        return self.choices[0].probability if self.choices else None

    @override
    def __str__(self) -> str:
        """Return the answer as `Ankle boot (98.4%)`."""
        return f"{self.label} ({self.probability:.1%})" if self.choices else f"error: {self.error}"
