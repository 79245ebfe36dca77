"""From a batch of pixels to predictions: the network's answers under the bundle's rules."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import Bundle
from tellapart.data.rows import Rows
from tellapart.decisions import fewest_images
from tellapart.errors import BundleError, ImageError, UsageError
from tellapart.images.arrays import Pixels
from tellapart.predict.inputs import Item
from tellapart.predict.prediction import Choice, Prediction
from tellapart.predict.runtimes import Answers, Runtime
from tellapart.verdicts import Verdicts, judge, measure_novelty


@dataclass(frozen=True)
class Wishes:
    """Is how the user wants to be answered.

    Attributes:
        risk: The share of wrong labels to accept, or `None` for that of the rules.
        always_answer: Whether every picture gets a label.
    """

    risk: float | None = None
    always_answer: bool = False


class Answering:
    """Puts a bundle's rules to what its network says.

    Args:
        bundle: Its class names, rules and references.
        runtime: What executes its network.
        wishes: How the user wants to be answered.
    """

    def __init__(self, bundle: Bundle, runtime: Runtime, wishes: Wishes | None = None) -> None:
        self._names, self._spec = bundle.manifest.class_names, bundle.manifest.image
        self._decisions = bundle.manifest.decisions
        given = bundle.references
        self._references = None if given is None else given.astype(np.float32)
        self._runtime = runtime
        self._wishes = wishes or Wishes()

    def with_wishes(self, risk: float | None, *, always_answer: bool = False) -> "Answering":
        """Return the same for a user who wants other answers.

        Raises:
            UsageError: `risk` is given, and this bundle can promise none.
        """
        if risk is None:
            return self._with(Wishes(None, always_answer))
        fewest_images(risk)
        if always_answer:
            raise UsageError("Choose one of --risk and --always-answer: they exclude each other.")
        if self._decisions is None or self._decisions.table is None:
            raise UsageError(
                "This classifier cannot promise a risk: its file holds no table of risks. "
                "Fix: train it with more validation images, or leave out --risk"
            )
        return self._with(Wishes(risk))

    def judge(self, pixels: Pixels | Rows) -> tuple[Answers, Verdicts | None]:
        """Return what the network says of pixels that fit, and the verdicts, if there are rules."""
        answers = self._runtime.answers(pixels)
        if self._decisions is None:
            return answers, None
        verdicts = judge(
            self._decisions,
            answers.probabilities,
            self._novelty(answers),
            risk=self._wishes.risk,
            always_answer=self._wishes.always_answer,
        )
        return answers, verdicts

    def answer(self, items: Sequence[Item], top: int, *, strict: bool) -> Iterator[Prediction]:
        """Yield the prediction about each item, or why it could not be read.

        Args:
            items: A batch of pictures.
            top: How many classes to name.
            strict: Raise instead of yielding an error row.

        Raises:
            ImageError: `strict`, and a picture cannot be read.
        """
        pixels: list[Pixels] = []
        errors: dict[int, str] = {}
        for place, item in enumerate(items):
            try:
                pixels.append(item.pixels(self._spec))
            except ImageError as error:
                if strict:
                    raise
                errors[place] = f"{error.reason}: {error.detail}"
        names = [item.name for place, item in enumerate(items) if place not in errors]
        answers = self.predict(np.stack(pixels), names, top) if pixels else iter(())
        for place, item in enumerate(items):
            if place in errors:
                yield Prediction(name=item.name, verdict="error", error=errors[place])
            else:
                yield next(answers)

    def predict(self, pixels: Pixels, names: Sequence[str], top: int) -> Iterator[Prediction]:
        """Yield the prediction about each picture.

        Args:
            pixels: `(n, h, w, c)`, uint8.
            names: `(n,)`: what the pictures are called.
            top: How many classes to name.
        """
        answers, verdicts = self.judge(pixels)
        for row, name in enumerate(names):
            order = np.argsort(-answers.probabilities[row], kind="stable")
            if verdicts is None:
                choices = self._choices(answers.probabilities[row], order[:top])
                yield Prediction(name=name, choices=choices, set=choices[:1])
                continue
            shares, novelty = verdicts.probabilities[row], verdicts.novelty
            yield Prediction(
                name=name,
                choices=self._choices(shares, order[:top]),
                verdict=verdicts.kind(row),
                set=self._choices(shares, order[verdicts.sets[row][order]]),
                novelty=None if novelty is None else float(novelty[row]),
            )

    def _with(self, wishes: Wishes) -> "Answering":
        if wishes == self._wishes:
            return self
        other = copy.copy(self)
        other._wishes = wishes
        return other

    def _novelty(self, answers: Answers) -> NDArray[np.float32] | None:
        rule = self._decisions.novelty if self._decisions is not None else None
        if rule is None or self._references is None:
            return None
        width = self._references.shape[1]
        if answers.features is None or answers.features.shape[1] != width:
            raise BundleError(
                f"The references in this bundle must be of the network's features. Received: rows "
                f"of {width} numbers, which this network does not give. Train it again."
            )
        return measure_novelty(answers.features, self._references, rule.neighbour)

    def _choices(
        self, shares: NDArray[np.float32], places: NDArray[np.int64]
    ) -> tuple[Choice, ...]:
        return tuple(Choice(label=self._names[i], probability=float(shares[i])) for i in places)
