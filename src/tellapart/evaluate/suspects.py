"""Which labels are probably wrong, from the answers of networks that did not see them."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart.evaluate.confidence import (
    Numbers,
    Probabilities,
    check_answers,
    confident_joint,
    label_scores,
    propose,
)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassNoise(_Record):
    """Is how many of the labels of one class are estimated to be wrong.

    Attributes:
        name: The class that the labels name.
        samples: How many samples have this label.
        wrong: How many of them probably belong elsewhere.
        mostly: The class that most of these belong to; empty where there are none.
    """

    name: str
    samples: int
    wrong: int
    mostly: str


class Suspect(_Record):
    """Is one sample whose label is probably wrong.

    Attributes:
        rank: Its place, the worst is 1.
        index: Its place among the samples.
        given: Its label.
        proposed: The class that is most probable besides.
        given_probability: What the network thinks of the label.
        proposed_probability: What it thinks of the proposal.
        score: The label's quality; the lower, the worse.
    """

    rank: int
    index: int
    given: str
    proposed: str
    given_probability: float
    proposed_probability: float
    score: float


class Suspects(_Record):
    """Is what is known of wrong labels in a data set.

    Attributes:
        samples: How many samples were looked at.
        estimate: How many labels are estimated to be wrong. It is too high where classes are
            hard to tell apart, since errors of the network look like wrong labels, and too low
            where the network is seldom sure.
        classes: The same by class, in class order.
        joint: The confident joint: rows are labels, columns the classes that samples are
            confidently held to be.
        suspects: The labels that are most probably wrong, worst first.
    """

    samples: int
    estimate: int
    classes: tuple[ClassNoise, ...]
    joint: tuple[tuple[int, ...], ...]
    suspects: tuple[Suspect, ...]

    @override
    def __str__(self) -> str:
        """Return the estimate in one sentence."""
        return (
            f"About {self.estimate:,} of {self.samples:,} labels ({self.share:.1%}) may be wrong: "
            "an estimate, since errors of the networks look like wrong labels."
        )

    @property
    def share(self) -> float:
        """Return the share of labels that are estimated to be wrong."""
        return self.estimate / self.samples


def find_suspects(
    targets: Numbers,
    probabilities: Probabilities,
    class_names: tuple[str, ...],
    *,
    most: int | None = None,
    settled: NDArray[np.bool_] | None = None,
) -> Suspects:
    """Return the labels that are probably wrong, worst first, and how many there may be.

    Confident learning, after C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning:
    estimating uncertainty in dataset labels", Journal of Artificial Intelligence Research 70
    (2021). The estimate is what lies off the diagonal of the confident joint, without the
    paper's scaling of its rows, which comes out higher still. The ranking is `label_scores`.

    Args:
        targets: `(n,)`: the labels, as class numbers.
        probabilities: `(n, classes)`: what networks that did not see a sample say of it.
        class_names: The name of each class.
        most: How many suspects to return; by default as many as are estimated to be wrong.
            Only samples with another class more probable than their label are suspects.
        settled: `(n,)`: labels that somebody has looked at already; they are no suspects.

    Raises:
        DataError: The arrays do not fit each other, or hold what is no probability.

    Example:
        >>> answers = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
        >>> found = find_suspects(np.array([0, 0, 1, 1]), answers, ("cat", "dog"))
        >>> [(s.index, s.given, s.proposed) for s in found.suspects]
        [(3, 'dog', 'cat')]
    """
    check_answers(targets, probabilities, len(class_names))
    joint = confident_joint(targets, probabilities)
    elsewhere = joint * (1 - np.eye(len(joint), dtype=np.int64))
    estimate = int(elsewhere.sum())
    order = np.argsort(label_scores(targets, probabilities), kind="stable")
    proposed = propose(targets, probabilities)
    everyone = np.arange(len(targets))
    doubted = probabilities[everyone, proposed] > probabilities[everyone, targets]
    if settled is not None:
        doubted &= ~settled
    chosen = order[doubted[order]][: estimate if most is None else most]
    return Suspects(
        samples=len(targets),
        estimate=estimate,
        classes=_noise_of(class_names, elsewhere, targets),
        joint=tuple(tuple(map(int, row)) for row in joint),
        suspects=_list(chosen, targets, proposed, probabilities, class_names),
    )


def _noise_of(
    names: tuple[str, ...], elsewhere: Numbers, targets: Numbers
) -> tuple[ClassNoise, ...]:
    counts = np.bincount(targets, minlength=len(names))
    return tuple(
        ClassNoise(
            name=name,
            samples=int(counts[number]),
            wrong=int(elsewhere[number].sum()),
            mostly=names[elsewhere[number].argmax()] if elsewhere[number].any() else "",
        )
        for number, name in enumerate(names)
    )


def _list(
    chosen: Numbers,
    targets: Numbers,
    proposed: Numbers,
    probabilities: Probabilities,
    names: tuple[str, ...],
) -> tuple[Suspect, ...]:
    scores = label_scores(targets, probabilities)
    return tuple(
        Suspect(
            rank=rank,
            index=index,
            given=names[targets[index]],
            proposed=names[proposed[index]],
            given_probability=float(probabilities[index, targets[index]]),
            proposed_probability=float(probabilities[index, proposed[index]]),
            score=float(scores[index]),
        )
        for rank, index in enumerate(chosen.tolist(), start=1)
    )
