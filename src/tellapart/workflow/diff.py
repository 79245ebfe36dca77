"""Say what differs between two runs, and whether one is better by more than chance."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue
from typing_extensions import override

from tellapart.bundle import Bundle, open_bundle
from tellapart.errors import TellapartError
from tellapart.evaluate.paired import compare_paired, conclude
from tellapart.evaluate.record import PairedComparison
from tellapart.train.runs import RunFolder, RunRecord
from tellapart.workflow.differences import (
    Difference,
    WeightsComparison,
    circumstances,
    compare_weights,
    differences,
    flatten,
    scores_of,
)
from tellapart.workflow.predictions import read_answers, recompute_answers
from tellapart.workflow.runs import Run, open_run

_OTHER_IMAGES = (
    "The accuracies cannot be compared image by image: the test images, as the two networks saw "
    "them, are not the same."
)

_ONE_SEED = (
    "This weighs the chance in the test images, not in the seed: another seed of the same recipe "
    "may shift the accuracy as much."
)
_ANEW = "There is no predictions.npz, so the classifier was asked about the test images anew:"


class RunDiff(BaseModel):
    """Is what differs between two runs, A and B.

    Attributes:
        a: The folder of one run.
        b: The folder of the other.
        recipe: The fields of the recipes that differ, by dotted key.
        data: Source, fingerprint, classes and counts, where they differ.
        circumstances: The versions, and what of the machine decides bits, that differ.
        weights: How the final weights compare.
        scores: The scores of both on their test images, equal or not.
        paired: The answers about the same test images; `None` where these are not the same,
            or not known.
        conclusion: Whether B is better by more than chance, or why that cannot be said.
        notes: What must be known to believe it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    a: str
    b: str
    recipe: tuple[Difference, ...]
    data: tuple[Difference, ...]
    circumstances: tuple[Difference, ...]
    weights: WeightsComparison
    scores: tuple[Difference, ...]
    paired: PairedComparison | None
    conclusion: str
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the record as JSON."""
        return self.model_dump_json(indent=2)

    @override
    def __str__(self) -> str:
        """Return the conclusion."""
        return self.conclusion


@dataclass(frozen=True)
class _Side:
    """Is one of the two runs, read."""

    run: Run
    folder: RunFolder
    record: RunRecord
    bundle: Bundle


def diff(
    a: str | Path | Run,
    b: str | Path | Run,
    *,
    trust: bool = False,
    backend: str | None = None,
    quiet: bool = False,
) -> RunDiff:
    """Return what differs between two finished runs, and whether that is more than noise.

    The accuracies are compared on the same test images with McNemar's test and Newcombe's
    interval, from the answers that each run wrote down; those of an older run, which wrote
    none, are asked for anew.

    Args:
        a: One run, or its folder.
        b: The other.
        trust: Build a network of its maker's own, where answers are asked for anew.
        backend: As in `open_model`, for the same.
        quiet: Show no progress.

    Raises:
        BundleError: One of them is no run, not finished, or damaged.
    """
    one, other = _open(a), _open(b)
    paired, conclusion, notes = _compare_answers(
        one.folder, other.folder, trust=trust, backend=backend, quiet=quiet
    )
    scores = (scores_of(side.run.evaluation) for side in (one, other))
    return RunDiff(
        a=str(one.run.path),
        b=str(other.run.path),
        recipe=differences(_recipe_of(one), _recipe_of(other)),
        data=differences(_data_of(one), _data_of(other)),
        circumstances=differences(circumstances(one.record), circumstances(other.record)),
        weights=compare_weights(one.bundle, other.bundle),
        scores=differences(*scores, all_of_them=True),
        paired=paired,
        conclusion=conclusion,
        notes=notes,
    )


def _open(run: str | Path | Run) -> _Side:
    found = run if isinstance(run, Run) else open_run(run)
    folder = RunFolder(found.path)
    return _Side(found, folder, folder.record(), open_bundle(folder.bundle_path))


def _compare_answers(
    a: RunFolder, b: RunFolder, *, trust: bool, backend: str | None, quiet: bool
) -> tuple[PairedComparison | None, str, tuple[str, ...]]:
    """Return the comparison image by image, its conclusion, and what must be known of it."""
    written = [(folder, read_answers(folder)) for folder in (a, b)]
    notes = [f"{_ANEW} {folder.path}." for folder, found in written if found is None]
    try:
        one, other = (
            recompute_answers(folder, trust=trust, backend=backend, quiet=quiet)
            if found is None
            else found
            for folder, found in written
        )
    except TellapartError as error:
        return None, f"The accuracies cannot be compared image by image: {error}", ()
    if one.fingerprint != other.fingerprint:
        return None, _OTHER_IMAGES, tuple(notes)
    paired = compare_paired(one.right, other.right)
    if paired.only_a + paired.only_b:
        notes.append(_ONE_SEED)
    return paired, conclude(paired), tuple(notes)


def _recipe_of(side: _Side) -> dict[str, JsonValue]:
    """Return what was asked for and what came of it; the description decides nothing."""
    fields = flatten(side.run.recipe.model_dump(mode="json", exclude={"description"}))
    return fields | {
        "model parameters": side.bundle.manifest.architecture.parameters,
        "budget in seconds": side.record.budget,
        "batch sizes that it began with": list(side.record.earlier_batch_sizes),
        "epochs trained": len(side.run.history),
    }


def _data_of(side: _Side) -> dict[str, JsonValue]:
    manifest = side.bundle.manifest
    counts: dict[str, JsonValue] = {f"{k} images": n for k, n in manifest.data.samples.items()}
    return {
        "name": manifest.data.name,
        "source": side.record.source,
        "fingerprint of all splits": side.record.fingerprint,
        "classes": ", ".join(manifest.class_names),
        "corrections of labels": side.record.labels.digest if side.record.labels else None,
        **counts,
    }
