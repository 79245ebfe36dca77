"""Score a classifier on samples whose classes are known."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart.data.cache import usual_cache
from tellapart.data.layout import Layout
from tellapart.data.prepare import Part, fingerprint_of, list_skipped
from tellapart.data.readers import Reader, Reading
from tellapart.data.samples import Samples
from tellapart.errors import DataError, ImageError
from tellapart.evaluate.baselines import MOST_IMAGES
from tellapart.evaluate.clean import score_clean
from tellapart.evaluate.record import Evaluation, SkippedFile
from tellapart.evaluate.scores import About, evaluate_probabilities
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import KerasRuntime, Runtime
from tellapart.progress import SILENCE, Progress, open_progress
from tellapart.sections import ImageSpec
from tellapart.train.runs import RunFolder
from tellapart.workflow.background import background_of
from tellapart.workflow.choosing import Chosen, choose_samples, numbers_of, places_by_name
from tellapart.workflow.leaks import find_leaking
from tellapart.workflow.looks import count_look, run_folder_of
from tellapart.workflow.predict import open_model
from tellapart.workflow.predictions import ask_about, score_of_answers
from tellapart.workflow.runs import Run

_SEEN = (
    "The classifier may have been trained on some of these pictures; the scores flatter it then."
)

MOST_BYTES = 1 << 28
"""Training pictures that the nearest neighbour is looked for among take no more memory."""


@dataclass(frozen=True, eq=False)
class _Judge:
    """Is what gives the answers: probabilities, of which classes, for which pixels."""

    runtime: Predictor | Runtime
    class_names: tuple[str, ...]
    spec: ImageSpec


def evaluate(
    model: Any,
    data: Any,
    *,
    split: str | None = None,
    check_leaks: bool | None = None,
    trust: bool = False,
    strict: bool = False,
    use_cache: bool = True,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Return all scores of a classifier on some samples, read as training reads them.

    Where the classifier lies in its run's folder, it is written down there that these images
    were scored, and the record says how often they were before.

    Args:
        model: A `Run`, a `Predictor`, the path of a bundle, or a `keras.Model`.
        data: A `Samples`, such as `data.test`, a `Dataset`, or what `load` takes.
        split: Which split of a data set; by default "test", or all where there is none.
        check_leaks: State the score without images that have a copy, or one of their group, in
            the training split; by default where the data have splits of their own and at most
            20,000 images.
        trust: Build a network of its maker's own, which may run code.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        layout: Which columns, root and patterns to read the data by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        backend: As in `open_model`.
        quiet: Show no progress.

    Raises:
        DataError: The samples have classes that the model does not know, or none can be read;
            or `strict`, and one cannot.
        UsageError: `check_leaks` is true, and there is no training split beside the samples.
        BundleError: The bundle cannot be used.
        ModelError: The `keras.Model` does not fit the samples.
    """
    progress = open_progress(quiet=quiet)
    chosen = choose_samples(data, split, layout=layout, data_folder=data_folder, quiet=quiet)
    folder = run_folder_of(model)
    judge, trained_on = _judge_of(model, chosen.samples, backend, trust=trust)
    places_by_name(chosen.samples, judge.class_names)  # an unknown class, before long work
    leaks = find_leaking(chosen.train, chosen.samples, check_leaks, progress)
    cache = usual_cache() if use_cache else None
    reading = Reader(judge.spec, chosen.title, cache, progress).read(chosen.samples)
    _tell_of(reading, progress, strict=strict)
    found, right, part = _score(judge, chosen, reading)
    if leaks is not None:
        found = found.model_copy(update={"clean": score_clean(right, leaks[reading.kept])})
    if found.split != "test" and found.data == trained_on:
        found = found.model_copy(update={"note": f"{found.note} {_SEEN}".strip()})
    if not isinstance(model, str | Path | Run):
        return found
    return count_look(found, folder, fingerprint_of(judge.class_names, [part]))


def _score(
    judge: _Judge, chosen: Chosen, reading: Reading
) -> tuple[Evaluation, NDArray[np.bool_], Part]:
    """Return all scores, which answers are right, and the pixels and targets they are of."""
    samples = chosen.samples
    targets = places_by_name(samples, judge.class_names)[samples.targets[reading.kept]]
    part, bad = Part(reading.pixels, targets), len(reading.failures)
    train = _some_training_pictures(judge, chosen.train, len(part))
    known = background_of(samples, reading.kept, part, train)
    predictor = judge.runtime if isinstance(judge.runtime, Predictor) else None
    rules = None if predictor is None else predictor.manifest.decisions
    about = About(
        data=chosen.name,
        split=samples.split,
        note=f"Pictures that could not be read: {bad:,}." if bad else "",
        groups=known.groups,
        temperature=None if rules is None else rules.temperature,
        baselines=known.baselines,
        facts=known.facts,
    )
    update: dict[str, object] = {"skipped": tuple(map(_skipped, reading.failures))}
    if predictor is None:
        probabilities = judge.runtime.probabilities(part.pixels)
    else:
        answers = ask_about(part, judge.class_names, predictor)
        probabilities = answers.probabilities
        update["answers"] = score_of_answers(predictor, answers)
    found = evaluate_probabilities(part.targets, probabilities, judge.class_names, about)
    right = np.asarray(probabilities.argmax(axis=1) == part.targets, np.bool_)
    return found.model_copy(update=update), right, part


def _skipped(error: ImageError) -> SkippedFile:
    return SkippedFile(file=error.name, reason=error.reason, detail=error.detail)


def _tell_of(reading: Reading, progress: Progress, *, strict: bool) -> None:
    """Say which pictures were mended, and which are skipped.

    Raises:
        DataError: Nothing could be read, or `strict` and something could not.
    """
    if not len(reading.kept):
        first = reading.failures[0] if reading.failures else "there are none"
        raise DataError(f"No picture to score can be read. The first: {first}")
    if reading.failures:
        listed = list_skipped(reading.failures)
        if strict:
            raise DataError(listed)
        progress.say(f"Skipped, since {listed}")
    for repair, count in reading.repairs.items():
        progress.say(f"Pictures {repair}: {count:,}.")


def _some_training_pictures(judge: _Judge, train: Samples | None, scored: int) -> Part | None:
    """Return training pictures of the model's classes: about as many as are scored, or fewer.

    They are drawn at random; files must be decoded for this, so they are not more.
    """
    if train is None:
        return None
    targets = numbers_of(train, judge.class_names)[train.targets]
    chosen = np.flatnonzero(targets >= 0)
    fitting = MOST_BYTES // (judge.spec.height * judge.spec.width * judge.spec.channels)
    generator, most = np.random.default_rng(0), min(MOST_IMAGES, max(scored, 1000), fitting)
    if len(chosen) > most:
        chosen = np.sort(generator.choice(chosen, most, replace=False))
    reading = Reader(judge.spec, "training pictures", None, SILENCE).read(train.take(chosen))
    if not len(reading.kept):
        return None
    return Part(reading.pixels, targets[chosen[reading.kept]])


def _judge_of(
    model: Any, samples: Samples, backend: str | None, *, trust: bool
) -> tuple[_Judge, str | None]:
    """Return what gives the answers, and the name of the data that it was trained on."""
    if isinstance(model, Run) and backend is None:
        model = model.model
    if isinstance(model, Run):
        model, trust = RunFolder(model.path).bundle_path, model.trust
    if isinstance(model, str | Path):
        model = open_model(model, trust=trust, backend=backend)
    if isinstance(model, Predictor):
        manifest = model.manifest
        return _Judge(model, model.class_names, manifest.image), manifest.data.name
    runtime, spec = _keras_runtime(model, samples)
    return _Judge(runtime, samples.class_names, spec), None


def _keras_runtime(network: Any, samples: Samples) -> tuple[KerasRuntime, ImageSpec]:
    from tellapart.models.custom import check_custom, output_kind

    shape = samples.images.shape or (28, 28, 1)
    guess = ImageSpec(height=shape[0], width=shape[1], channels=3 if shape[2] == 3 else 1)
    spec = check_custom(network, len(samples.class_names), guess)
    return KerasRuntime(network, output_kind(network, spec)), spec
