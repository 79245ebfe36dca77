"""The record of what a batch of predictions came to."""

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class BatchSummary(BaseModel):
    """Is what became of all pictures.

    Attributes:
        output: The folder or file with the answers.
        pictures: How many there are.
        verdicts: How many have each verdict; "error" is a picture that could not be read.
        errors: How many could not be read for each reason.
        left_alone: How many things among the sources are no pictures.
        answered_before: How many of the pictures an earlier process had answered.
        seconds: What this process took for the others.
        images_per_second: In these seconds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    output: str
    pictures: int
    verdicts: dict[str, int]
    errors: dict[str, int]
    left_alone: int
    answered_before: int
    seconds: float
    images_per_second: float

    @override
    def __str__(self) -> str:
        """Return it as people read it."""
        verdicts = ", ".join(f"{count:,} {name}" for name, count in self.verdicts.items() if count)
        lines = [f"{self.pictures:,} pictures: {verdicts or 'none'}."]
        if self.errors:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.errors.items())
            lines.append(f"Not read: {reasons}.")
        if self.left_alone:
            lines.append(f"Left alone, since they are no pictures: {self.left_alone:,}.")
        if self.answered_before:
            lines.append(f"Answered before: {self.answered_before:,}.")
        speed = f"{self.seconds:,.1f} s, {self.images_per_second:,.0f} images/s"
        return "\n".join([*lines, f"{speed}. Answers: {self.output}"])
