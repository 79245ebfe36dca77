"""What two runs have in common, and what differs: recipe, machine, weights, history, scores."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue

from tellapart.bundle import Bundle
from tellapart.data.samples import natural_key
from tellapart.evaluate.record import Evaluation
from tellapart.train.history import EpochRecord, History
from tellapart.train.runs import RunRecord

_CLOCK = {"seconds", "images_per_second"}
"""What no two trainings have in common."""


class Difference(BaseModel):
    """One thing that two runs do not share; `None` where one of them lacks it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    a: JsonValue
    b: JsonValue


class WeightsComparison(BaseModel):
    """How the weights of two bundles compare.

    Attributes:
        tensors: How many pairs of tensors there are.
        differing: How many are not equal bit for bit, or are in one of them only.
        largest_difference: Of any number from its counterpart; `None` for networks that
            do not have the same tensors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    tensors: int
    differing: int
    largest_difference: float | None


def differences(
    a: Mapping[str, JsonValue], b: Mapping[str, JsonValue], *, all_of_them: bool = False
) -> tuple[Difference, ...]:
    """Return the fields of two tables that differ, in their order.

    Args:
        a: One table.
        b: The other.
        all_of_them: Return the fields that do not differ, too.
    """
    return tuple(
        Difference(field=field, a=a.get(field), b=b.get(field))
        for field in dict.fromkeys((*a, *b))
        if all_of_them or a.get(field) != b.get(field)
    )


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, JsonValue]:
    """Return nested tables as one, by dotted key.

    Example:
        >>> flatten({"seed": 0, "fit": {"epochs": 3}})
        {'seed': 0, 'fit.epochs': 3}
    """
    flat: dict[str, JsonValue] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def circumstances(record: RunRecord) -> dict[str, JsonValue]:
    """Return what a run's bits depend on beside recipe and data."""
    return {**record.versions, **record.machine}


def scores_of(evaluation: Evaluation) -> dict[str, JsonValue]:
    """Return the scores that two runs are compared by."""
    by_class = {f"F1 of {score.name}": score.f1 for score in evaluation.classes}
    return {"accuracy": evaluation.accuracy.value, "loss": evaluation.loss, **by_class}


def compare_weights(a: Bundle, b: Bundle) -> WeightsComparison:
    """Return whether two classifiers have the same weights, bit for bit.

    Keras goes on counting the layers that nobody named, so those of a user's own network are
    called `dense` once and `dense_1` the next time. Tensors of other names are therefore
    paired in natural order, where their shapes agree.
    """
    pairs = _pairs(a.weights, b.weights)
    comparable = all(
        one is not None and other is not None and one.shape == other.shape for one, other in pairs
    )
    gaps = [_gap(one, other) for one, other in pairs if one is not None and other is not None]
    return WeightsComparison(
        tensors=len(pairs),
        differing=sum(not _same_bits(one, other) for one, other in pairs),
        largest_difference=max(gaps, default=0.0) if comparable else None,
    )


def first_different_epoch(a: History, b: History) -> int | None:
    """Return the first epoch, from 1, that came to something else; `None` if none did."""
    for number, (one, other) in enumerate(zip(a, b, strict=False), start=1):
        if _without_clock(one) != _without_clock(other):
            return number
    return None if len(a) == len(b) else min(len(a), len(b)) + 1


def _pairs(
    a: Mapping[str, NDArray[Any]], b: Mapping[str, NDArray[Any]]
) -> list[tuple[NDArray[Any] | None, NDArray[Any] | None]]:
    """Return the tensors that belong together: by name, else by place."""
    rows = [[table[name] for name in sorted(table, key=natural_key)] for table in (a, b)]
    shapes = [[tensor.shape for tensor in row] for row in rows]
    if a.keys() != b.keys() and shapes[0] == shapes[1]:
        return list(zip(*rows, strict=True))
    return [(a.get(name), b.get(name)) for name in dict.fromkeys((*a, *b))]


def _without_clock(epoch: EpochRecord) -> dict[str, Any]:
    return epoch.model_dump(exclude=_CLOCK)


def _same_bits(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return False
    same_kind = one.dtype == other.dtype and one.shape == other.shape
    return same_kind and one.tobytes() == other.tobytes()


def _gap(one: NDArray[Any], other: NDArray[Any]) -> float:
    if one.shape != other.shape:
        return 0.0
    return float(np.abs(one.astype(np.float64) - other.astype(np.float64)).max(initial=0.0))
