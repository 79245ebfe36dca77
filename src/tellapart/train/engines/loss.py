"""The loss of every compiled engine: cross-entropy from class numbers, weighted, smoothed."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tellapart.models.custom import PLAIN_LOSSES


@dataclass(frozen=True, eq=False)
class Targets:
    """Is what a batch should be answered with.

    Attributes:
        classes: `(n,)`, class numbers.
        weights: `(n,)`; samples of weight 0 count nowhere.
        partners: `(n,)`, the class numbers of the samples mixed in; `None` without.
        shares: `(n,)`, how much of each sample is its own; `None` without partners.
    """

    classes: Any
    weights: Any
    partners: Any = None
    shares: Any = None


def cross_entropy(logits: Any, targets: Targets, smoothing: float) -> Any:
    """Return the cross-entropy of each sample, `(n,)`, not weighted.

    With smoothing, that share of each target is spread evenly over all classes (Szegedy
    et al. 2016, "Rethinking the Inception Architecture", section 7).

    Args:
        logits: `(n, classes)`; the logarithm of probabilities serves as well.
        targets: What they should say.
        smoothing: From 0, as usual, to below 1.
    """
    likely = ops.log_softmax(ops.cast(logits, "float32"))
    wanted = ops.one_hot(targets.classes, logits.shape[-1])
    if targets.partners is not None:
        others = ops.one_hot(targets.partners, logits.shape[-1])
        wanted = others + targets.shares[:, None] * (wanted - others)
    right = ops.sum(likely * wanted, axis=-1)
    if not smoothing:
        return -right
    return -(1.0 - smoothing) * right - smoothing * ops.mean(likely, axis=-1)


def batch_loss(logits: Any, targets: Targets, smoothing: float) -> tuple[Any, Any]:
    """Return the mean loss of a batch, and how many of its samples were answered rightly.

    Of a mixed sample, the right answer is the larger part's class.

    Args:
        logits: `(n, classes)`.
        targets: What they should say.
        smoothing: Of the targets.
    """
    counted = ops.cast(targets.weights > 0, "float32")
    losses = cross_entropy(logits, targets, smoothing) * targets.weights
    answers, classes = ops.argmax(logits, axis=-1), ops.cast(targets.classes, "int32")
    right = ops.cast(ops.equal(answers, classes), "float32")
    # by the number of samples, as Keras does: class weights scale the loss
    return ops.sum(losses) / ops.sum(counted), ops.sum(right * counted)


def score_outputs(logits: NDArray[np.float32], targets: NDArray[Any]) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy of outputs, without smoothing or weights."""
    high = logits.max(axis=1, keepdims=True).astype(np.float64)
    total = np.log(np.exp(logits - high).sum(axis=1)) + high[:, 0]
    right = logits[np.arange(len(targets)), targets]
    return float((total - right).mean()), float((logits.argmax(axis=1) == targets).mean())


def is_plain_classifier(network: keras.Model) -> bool:
    """Return whether a compiled network trains as Keras' own models do, on this loss.

    A user's network with another loss, with a training step, a `compute_loss` or a `call` of
    its own, or one that is to run eagerly, does not.
    """
    kind, plain = type(network), keras.Model
    own_step = kind.train_step is not plain.train_step
    own_loss = kind.compute_loss is not plain.compute_loss
    own_call = not kind.call.__module__.startswith("keras.")
    return not (own_step or own_loss or own_call or network.run_eagerly) and _is_known(network.loss)


def _is_known(loss: Any) -> bool:
    if type(loss) is keras.losses.SparseCategoricalCrossentropy:
        return loss.reduction == "sum_over_batch_size" and loss.ignore_class is None
    return loss in PLAIN_LOSSES
