"""What each epoch came to: records, their columns, and JSON lines."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from typing_extensions import override


class EpochRecord(BaseModel):
    """Is what one epoch came to.

    Attributes:
        epoch: Counted from 1.
        loss: Mean training loss over the epoch, while the weights changed.
        accuracy: Training accuracy over the epoch, while the weights changed.
        val_loss: Loss on the validation images after the epoch.
        val_accuracy: Accuracy on the validation images after the epoch.
        seconds: How long training took, without validation.
        images_per_second: Training images for each of those seconds.
        learning_rate: The optimiser's at the end of the epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    images_per_second: float
    learning_rate: float

    @override
    def __str__(self) -> str:
        """Return the line that is shown after the epoch."""
        return (
            f"epoch {self.epoch:>2}   loss {self.loss:.4f}  accuracy {self.accuracy:.4f}   "
            f"validation loss {self.val_loss:.4f}  accuracy {self.val_accuracy:.4f}   "
            f"{self.seconds:.1f} s  {self.images_per_second:,.0f} images/s"
        )


@dataclass(frozen=True)
class History:
    """All epochs of a run so far."""

    epochs: tuple[EpochRecord, ...] = ()

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[EpochRecord]:
        return iter(self.epochs)

    def __getitem__(self, column: str) -> list[float]:
        """Return one column, as Keras' `history.history` has it: `history["val_loss"]`.

        Raises:
            KeyError: There is no such column; the message names those there are.
        """
        if column not in EpochRecord.model_fields:
            raise KeyError(f"{column!r}; the columns are {', '.join(EpochRecord.model_fields)}")
        return [getattr(record, column) for record in self.epochs]

    def add(self, record: EpochRecord) -> "History":
        """Return the history with one more epoch."""
        return History((*self.epochs, record))

    def best(self) -> EpochRecord:
        """Return the epoch with the highest validation accuracy, lowest loss among equals.

        Raises:
            IndexError: There is no epoch yet.
        """
        return self.ranked()[0]

    def ranked(self) -> list[EpochRecord]:
        """Return the epochs, best on the validation images first."""
        return sorted(self.epochs, key=lambda record: (-record.val_accuracy, record.val_loss))

    def to_jsonl(self) -> str:
        """Return one line of JSON an epoch."""
        return "".join(record.model_dump_json() + "\n" for record in self.epochs)

    @classmethod
    def from_jsonl(cls, text: str) -> "History":
        """Return the history that `to_jsonl` wrote.

        Raises:
            ValueError: A line is not a record.
        """
        lines = text.splitlines()
        return cls(tuple(EpochRecord.model_validate_json(line) for line in lines))

    @override
    def __repr__(self) -> str:
        """Return the epochs as a person wants to see them at a prompt."""
        return "\n".join(map(str, self.epochs)) or "no epoch yet"
