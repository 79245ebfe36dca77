"""The answers about a batch of pictures as arrays, and each as a record."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.data.streams import plain_name
from tellapart.errors import ImageError
from tellapart.predict.prediction import Choice, Prediction, Verdict

Numbers = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Page:
    """Is what is said of n pictures, of which k could be read.

    Records of single answers cost more than the answers of a small network; whoever writes
    millions of them to a file writes them from here.

    Attributes:
        names: `(n,)`: what the pictures are called.
        errors: Why a picture could not be read, by its place.
        class_names: In the order of the network.
        labels: `(k, top)`: the most probable classes, best first.
        shares: `(k, top)`, float32: their probabilities.
        verdicts: `(k,)`: "label", "unsure" or "unknown".
        set_ends: `(k,)`: where each picture's set ends in the next two.
        set_labels: `(s,)`: the classes that pictures may be, picture by picture, best first.
        set_shares: `(s,)`, float32: their probabilities.
        novelty: `(k,)`, float32, or `None` where it is not measured.
    """

    names: tuple[str, ...]
    errors: Mapping[int, ImageError]
    class_names: tuple[str, ...]
    labels: Places
    shares: Numbers
    verdicts: tuple[Verdict, ...]
    set_ends: Places
    set_labels: Places
    set_shares: Numbers
    novelty: Numbers | None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def verdict_counts(self) -> Counter[str]:
        """Return how many pictures have each verdict, "error" among them."""
        return Counter({**Counter(self.verdicts), "error": len(self.errors)})

    @property
    def error_counts(self) -> Counter[str]:
        """Return how many pictures could not be read for each reason."""
        return Counter(error.reason for error in self.errors.values())

    @property
    def readable(self) -> list[int]:
        """Return `(k,)`: the places of the pictures that could be read."""
        return [place for place in range(len(self.names)) if place not in self.errors]

    def error_text(self, place: int) -> str:
        """Return why a picture could not be read, as its row says it."""
        return plain_name(f"{self.errors[place].reason}: {self.errors[place].detail}")

    def sets(self) -> Iterator[tuple[list[int], list[float]]]:
        """Yield the classes of each picture's set, and their probabilities."""
        labels, shares = self.set_labels.tolist(), self.set_shares.tolist()
        first = 0
        for end in self.set_ends.tolist():
            yield labels[first:end], shares[first:end]
            first = end

    def predictions(self) -> Iterator[Prediction]:
        """Yield the answer about each picture as a record."""
        rows = zip(
            self.labels.tolist(),
            self.shares.tolist(),
            self.verdicts,
            self.sets(),
            self.novelty_or_none(),
            strict=True,
        )
        for place, name in enumerate(self.names):
            if place in self.errors:
                yield Prediction(name=name, verdict="error", error=self.error_text(place))
                continue
            labels, shares, verdict, (named, likely), novelty = next(rows)
            yield Prediction(
                name=name,
                choices=self._choices(labels, shares),
                verdict=verdict,
                set=self._choices(named, likely),
                novelty=novelty,
            )

    def novelty_or_none(self) -> list[float | None]:
        """Return `(k,)`: the novelty of each picture, or `None` where it is not measured."""
        if self.novelty is None:
            return [None] * len(self.verdicts)
        return list(self.novelty.tolist())

    def _choices(self, labels: list[int], shares: list[float]) -> tuple[Choice, ...]:
        pairs = zip(labels, shares, strict=True)
        return tuple(
            Choice(label=self.class_names[label], probability=share) for label, share in pairs
        )
