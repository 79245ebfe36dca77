"""From a batch of pixels to predictions: the network's answers under the bundle's rules."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import Bundle
from tellapart.data.rows import Rows
from tellapart.decisions import fewest_images
from tellapart.errors import BundleError, ImageError, UsageError
from tellapart.images.arrays import Pixels
from tellapart.predict.page import Page
from tellapart.predict.prediction import Verdict
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
            raise UsageError(
                "A promised risk and an answer to every picture exclude each other. Choose one."
            )
        if self._decisions is None or self._decisions.table is None:
            raise UsageError(
                "This classifier cannot promise a risk: its file holds no table of risks. "
                "Fix: train it with more validation images, or promise none"
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

    def page(self, names: Sequence[str], found: Sequence[Pixels | ImageError], top: int) -> Page:
        """Return what is said of a batch of pictures, or why they could not be read.

        Args:
            names: `(n,)`: what the pictures are called.
            found: `(n,)`: the pixels of each, `(h, w, c)`, uint8, or its error.
            top: How many classes to name.
        """
        errors = {i: one for i, one in enumerate(found) if isinstance(one, ImageError)}
        pixels = [one for one in found if not isinstance(one, ImageError)]
        stacked = np.stack(pixels) if pixels else np.empty((0, *self._spec.shape), np.uint8)
        answers, verdicts = self.judge(stacked)
        # a stable order of the network's own numbers: that of classes which are equal
        order = np.argsort(-answers.probabilities, axis=1, kind="stable")
        best = order[:, :top]
        if verdicts is None:
            shares = np.take_along_axis(answers.probabilities, best, axis=1)
            kinds = cast(tuple[Verdict, ...], ("label",) * len(pixels))
            sets = np.arange(1, len(pixels) + 1), best[:, 0], shares[:, 0]
            novelty = None
        else:
            shares = np.take_along_axis(verdicts.probabilities, best, axis=1)
            kinds = cast(tuple[Verdict, ...], tuple(verdicts.kinds.tolist()))
            sets = _sets_in_order(verdicts, order)
            novelty = verdicts.novelty
        return Page(tuple(names), errors, self._names, best, shares, kinds, *sets, novelty)

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


def _sets_in_order(
    verdicts: Verdicts, order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return where each picture's set ends, and all sets' classes and probabilities."""
    rows, ranks = np.nonzero(np.take_along_axis(verdicts.sets, order, axis=1))
    labels = order[rows, ranks]
    ends = np.searchsorted(rows, np.arange(len(order)), side="right")
    return ends, labels, verdicts.probabilities[rows, labels]
