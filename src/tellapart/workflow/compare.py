"""Say which of several runs is better, and never call noise a gain."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from tellapart.errors import DataError, UsageError
from tellapart.evaluate.correction import holm
from tellapart.evaluate.intervals import wilson_interval
from tellapart.evaluate.paired import SIGNIFICANCE, compare_paired
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.record import PairedComparison
from tellapart.train.runs import RunFolder
from tellapart.workflow.predictions import Answers, read_answers, recompute_answers
from tellapart.workflow.runs import Run, open_run


class Pair(BaseModel):
    """Two of the runs, compared on the same test images.

    Attributes:
        a: One run's folder.
        b: The other's.
        paired: Their answers.
        p_value: McNemar's, corrected for the number of pairs by Holm's method.
        better: The folder of the one that is better by more than noise; `None` for neither.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    a: str
    b: str
    paired: PairedComparison
    p_value: float
    better: str | None


class Comparison(BaseModel):
    """Is what several runs come to beside each other.

    Attributes:
        runs: Their folders, as they were given.
        accuracies: The accuracy of each, with its interval.
        pairs: Each two of them.
        unbeaten: The folders of the runs that no other one is better than by more than
            noise, the highest accuracy first.
        conclusion: Which is better, in one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: tuple[str, ...]
    accuracies: tuple[Interval, ...]
    pairs: tuple[Pair, ...]
    unbeaten: tuple[str, ...]
    conclusion: str

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @override
    def __str__(self) -> str:
        """Return the conclusion."""
        return self.conclusion


def compare(
    *runs: str | Path | Run, trust: bool = False, backend: str | None = None, quiet: bool = False
) -> Comparison:
    """Return which of some finished runs is better by more than noise.

    Every two are compared on the same test images with McNemar's test; with more than two
    runs its p-values are corrected for the number of pairs. `diff` says what else differs.

    Args:
        runs: At least two, or their folders.
        trust: Build a network of its maker's own, where answers are asked for anew.
        backend: As in `open_model`, for the same.
        quiet: Show no progress.

    Raises:
        UsageError: There are not two different runs.
        BundleError: One of them is no run, not finished, or damaged.
        DataError: They were not tested on the same images.
    """
    opened = [run if isinstance(run, Run) else open_run(run) for run in runs]
    names = [str(run.path) for run in opened]
    if len({run.path.resolve() for run in opened}) < max(2, len(opened)):
        raise UsageError(
            "At least two runs must be compared, each once. "
            f"Received: {', '.join(names) or 'none'}."
        )
    folders = [RunFolder(run.path) for run in opened]
    answers = [_answers_of(folder, trust=trust, backend=backend, quiet=quiet) for folder in folders]
    _check_images(names, answers)
    pairs = _pairs(names, answers)
    accuracies = [wilson_interval(int(a.right.sum()), len(a.right)) for a in answers]
    unbeaten = _unbeaten(names, accuracies, pairs)
    return Comparison(
        runs=tuple(names),
        accuracies=tuple(accuracies),
        pairs=pairs,
        unbeaten=unbeaten,
        conclusion=_conclude(names, unbeaten, pairs),
    )


def _answers_of(folder: RunFolder, *, trust: bool, backend: str | None, quiet: bool) -> Answers:
    written = read_answers(folder)
    if written is not None:
        return written
    return recompute_answers(folder, trust=trust, backend=backend, quiet=quiet)


def _check_images(names: Sequence[str], answers: Sequence[Answers]) -> None:
    for name, other in zip(names[1:], answers[1:], strict=True):
        if other.fingerprint != answers[0].fingerprint:
            raise DataError(
                f"Runs must be compared on the same test images. Received: {names[0]} and "
                f"{name}, whose test images, as the two networks saw them, are not the same."
            )


def _pairs(names: Sequence[str], answers: Sequence[Answers]) -> tuple[Pair, ...]:
    places = list(combinations(range(len(names)), 2))
    found = [compare_paired(answers[i].right, answers[j].right) for i, j in places]
    chances = holm([one.p_value for one in found])
    return tuple(
        Pair(
            a=names[i],
            b=names[j],
            paired=one,
            p_value=chance,
            better=_better(names[i], names[j], one, chance),
        )
        for (i, j), one, chance in zip(places, found, chances.tolist(), strict=True)
    )


def _better(a: str, b: str, paired: PairedComparison, p_value: float) -> str | None:
    if p_value >= SIGNIFICANCE:
        return None
    return b if paired.difference.value > 0 else a


def _unbeaten(
    names: Sequence[str], accuracies: Sequence[Interval], pairs: Sequence[Pair]
) -> tuple[str, ...]:
    beaten = {pair.a if pair.better == pair.b else pair.b for pair in pairs if pair.better}
    ranked = sorted(zip(names, accuracies, strict=True), key=lambda one: -one[1].value)
    return tuple(name for name, _ in ranked if name not in beaten)


def _conclude(names: Sequence[str], unbeaten: Sequence[str], pairs: Sequence[Pair]) -> str:
    """Return which run is better; one is the best only if it beats every other."""
    best = next(iter(unbeaten), None)
    if best is not None and sum(pair.better == best for pair in pairs) == len(names) - 1:
        others = "the other" if len(names) == 2 else "each of the others"
        return f"{best} is better than {others} by more than noise."
    if not any(pair.better for pair in pairs):
        return "No run is better than another by more than noise."
    return (
        f"No single run is the best by more than noise. None is better than: {', '.join(unbeaten)}."
    )
