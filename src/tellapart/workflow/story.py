"""What the page about a run tells, gathered from its folder, its data and its classifier."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tellapart.check.inspection import Inspection
from tellapart.check.kept import find_inspection
from tellapart.data.prepare import Prepared
from tellapart.errors import MissingExtraError, ModelError, TrustError, UsageError
from tellapart.evaluate.record import Evaluation
from tellapart.figures import Picture
from tellapart.images.arrays import Pixels
from tellapart.predict.predictor import Predictor
from tellapart.train.outlook import outlook
from tellapart.train.runs import RunFolder, RunRecord
from tellapart.workflow.predictions import Answers, read_answers
from tellapart.workflow.runs import Run

if TYPE_CHECKING:
    from tellapart.report.galleries import Answered


def page_of(
    run: Run,
    predictor: Predictor,
    data: Prepared | None,
    pictures: Mapping[str, bytes],
    unseen: str = "",
) -> str:
    """Return the page about a run.

    Args:
        run: Finished.
        predictor: Its classifier, for the heat maps.
        data: What it was trained on; `None` where that is out of reach.
        pictures: What is drawn of the run, as PNG by file name.
        unseen: Why the data are out of reach.
    """
    from tellapart.report.run import RunStory, draw_run
    from tellapart.report.worries import find_worries

    folder = RunFolder(run.path)
    record, answers = folder.record(), read_answers(folder)
    inspection = None if data is None else find_inspection(data.source)
    skipped = tuple(error.name for error in data.skipped) if data is not None else ()
    return draw_run(
        RunStory(
            title=f"{run.evaluation.data}: what run {run.path.resolve().name} came to",
            evaluation=run.evaluation,
            promise=_promise(run.evaluation),
            worries=find_worries(
                run.evaluation,
                run.history,
                validated_on_test=run.recipe.data.validation == "test",
                skipped=skipped,
                data=(inspection.findings if inspection else None) or (),
            ),
            unlooked=_unlooked(inspection, record),
            pictures=pictures,
            outlook=outlook(run.history),
            answered=_answered(run, predictor, data, answers),
            unseen=unseen or "the answers about each of them were not kept.",
            grid=_grid(data),
            splits=_splits(data, run.evaluation.class_names),
            source=record.source or "",
            recipe=run.recipe.to_toml(),
            again=_again(run, record),
            facts=_facts(run, record, predictor),
        )
    )


def _promise(found: Evaluation) -> Sequence[str]:
    """Return what the classifier promises of its answers, and what came of it."""
    if found.answers is None:
        return ("It has no rules for when to answer, so it is never unsure and answers always.",)
    said = str(found.answers)
    return (f"{said[:1].upper()}{said[1:]}.",)


def _unlooked(inspection: Inspection | None, record: RunRecord) -> Sequence[str]:
    if inspection is not None and inspection.findings is not None:
        return ()
    name = record.source or "DATA"
    return (
        "The data themselves were not checked for copies, leaks, wrong labels and other faults. "
        f"To do it: tellapart inspect {name} --check, then tellapart report again.",
    )


def _answered(
    run: Run, predictor: Predictor, data: Prepared | None, answers: Answers | None
) -> "Answered | None":
    """Return the test images that the page shows; `None` where they are out of reach."""
    from tellapart.report.galleries import Answered, choose_shown

    if data is None or answers is None:
        return None
    places = choose_shown(run.evaluation, answers.targets, answers.probabilities)
    pixels = np.stack([data.test.pixels[int(place)] for place in places]) if len(places) else None
    if pixels is None:
        return None
    said = answers.probabilities[places].argmax(axis=1)
    samples, reading = data.decoded["test"]
    return Answered(
        targets=answers.targets,
        probabilities=answers.probabilities,
        places=places,
        pixels=pixels,
        names=[_name(samples.images.key(int(reading.kept[place]))) for place in places],
        heat=_heat(predictor, pixels, said),
    )


def _heat(
    predictor: Predictor, pixels: Pixels, classes: NDArray[np.int64]
) -> NDArray[np.float32] | None:
    """Return heat maps, or `None` for a network that has no place for them."""
    if predictor.explainer.is_quick:
        pairs = zip(pixels, classes, strict=True)
        return np.stack([predictor.explainer.occlude(one, int(number)) for one, number in pairs])
    try:
        network = predictor.network
        from tellapart.explain.maps import heat_maps  # now that Keras is loaded

        return heat_maps(network, pixels, classes)
    except (MissingExtraError, ModelError, TrustError, UsageError):
        return None


def _name(key: str) -> str:
    """Return what to call a test image: arrays have numbers for keys."""
    return f"test image {key}" if key.isdecimal() else key


def _grid(data: Prepared | None) -> Picture | None:
    """Return some of the training images, with their class names."""
    if data is None or not len(data.decoded["train"][0]):
        return None
    return data.decoded["train"][0].show(seed=0)


def _splits(data: Prepared | None, class_names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """Return how many images of each class each split has."""
    if data is None:
        return {}
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    found = {}
    for name, part in parts.items():
        counts = np.bincount(part.targets, minlength=len(class_names))
        found[name] = dict(zip(class_names, map(int, counts), strict=True))
    return found


def _again(run: Run, record: RunRecord) -> Sequence[str]:
    """Return how to have the run again, in sentences."""
    if record.source is None:
        return ("It was trained on arrays in memory: tellapart.replay(run, data=...)",)
    folder = shlex.quote(str(run.path))
    return (
        f"The same run, bit for bit on a machine like this one: tellapart replay {folder}",
        f"Another run of the same recipe: tellapart train {shlex.quote(record.source)} "
        f"--recipe {folder}/recipe.toml",
    )


def _facts(run: Run, record: RunRecord, predictor: Predictor) -> Mapping[str, str]:
    """Return what the run ran on."""
    manifest = predictor.manifest
    seconds = sum(epoch.seconds for epoch in run.history)
    return {
        "made": manifest.created,
        "network": f"{manifest.architecture.name}, {manifest.architecture.parameters:,} parameters",
        "training": f"{len(run.history)} epochs, {seconds:,.0f} s without validation",
        "data": f"{record.source or 'arrays in memory'}, fingerprint {record.fingerprint[:16]}…",
        **record.versions,
        **record.machine,
    }
