"""Score a classifier on samples whose classes are known."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset
from tellapart.data.prepare import Part, fingerprint_of
from tellapart.data.samples import Indices, Samples
from tellapart.errors import DataError
from tellapart.evaluate.baselines import MOST_IMAGES
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_probabilities
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import KerasRuntime, Runtime
from tellapart.progress import SILENCE, Progress, open_progress
from tellapart.sections import ImageSpec
from tellapart.workflow.background import background_of
from tellapart.workflow.inspect import load
from tellapart.workflow.looks import count_look, run_folder_of, temperature_in
from tellapart.workflow.predict import open_model
from tellapart.workflow.runs import Run

_SEEN = (
    "The classifier may have been trained on some of these pictures; the scores flatter it then."
)


MOST_BYTES = 1 << 28
"""Training pictures that the nearest neighbour is looked for among take no more memory."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Is what is scored.

    Attributes:
        name: The data set's name.
        samples: Those to score.
        train: Those of the same data set to train on, if it has any that are not scored.
    """

    name: str
    samples: Samples
    train: Samples | None = None


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
    trust: bool = False,
    backend: str | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Return all scores of a classifier on some samples.

    Where the classifier lies in its run's folder, it is written down there that these images
    were scored, and the record says how often they were before.

    Args:
        model: A `Run`, a `Predictor`, the path of a bundle, or a `keras.Model`.
        data: A `Samples`, such as `data.test`, a `Dataset`, or what `load` takes.
        split: Which split of a data set; by default "test", or all where there is none.
        trust: Build a network of its maker's own, which may run code.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        DataError: The samples have classes that the model does not know, or cannot be read.
        BundleError: The bundle cannot be used.
        ModelError: The `keras.Model` does not fit the samples.
    """
    prepare_keras(backend)
    progress = open_progress(quiet=quiet)
    chosen = choose_samples(data, split, quiet=quiet)
    folder = run_folder_of(model)
    judge, trained_on = _judge_of(model, chosen.samples, trust=trust)
    temperature = None if folder is None else temperature_in(folder)
    found, part = _score(judge, chosen, temperature, progress)
    if found.split != "test" and found.data == trained_on:
        found = found.model_copy(update={"note": f"{found.note} {_SEEN}".strip()})
    if not isinstance(model, str | Path | Run):
        return found
    return count_look(found, folder, fingerprint_of(judge.class_names, [part]))


def choose_samples(data: Any, split: str | None, *, quiet: bool) -> Chosen:
    """Return the samples to score: a split, or all where the data set has no such.

    Raises:
        DataError: There is no such data set, or no such split.
    """
    if isinstance(data, Samples):
        return Chosen("the given samples", data)
    found = data if isinstance(data, Dataset) else load(data, quiet=quiet)
    if split is None and set(found.splits) == {"train"}:
        return Chosen(found.name, replace(found.train, split="all"))
    split = split or "test"
    return Chosen(found.name, found.split(split), None if split == "train" else found.train)


def _score(
    judge: _Judge, chosen: Chosen, temperature: float | None, progress: Progress
) -> tuple[Evaluation, Part]:
    """Return all scores, and the pixels and targets that they are of.

    Raises:
        DataError: A class is unknown to the model, or no picture can be read.
    """
    samples = chosen.samples
    places = _places_by_name(samples, judge.class_names)
    decoded = samples.decode(judge.spec, progress)
    if not len(decoded.kept):
        first = decoded.failures[0] if decoded.failures else "there are none"
        raise DataError(f"No picture to score can be read. The first: {first}")
    for failure in decoded.failures[:10]:
        progress.say(str(failure))
    bad = len(decoded.failures)
    part = Part(decoded.pixels, places[samples.targets[decoded.kept]])
    train = _some_training_pictures(judge, chosen.train, len(part))
    known = background_of(samples, decoded.kept, part, train)
    about = About(
        data=chosen.name,
        split=samples.split,
        note=f"Pictures that could not be read: {bad:,}." if bad else "",
        groups=known.groups,
        temperature=temperature,
        baselines=known.baselines,
        facts=known.facts,
    )
    answers = judge.runtime.probabilities(part.pixels)
    return evaluate_probabilities(part.targets, answers, judge.class_names, about), part


def _some_training_pictures(judge: _Judge, train: Samples | None, scored: int) -> Part | None:
    """Return training pictures of the model's classes: about as many as are scored, or fewer.

    They are drawn at random; files must be decoded for this, so they are not more.
    """
    if train is None:
        return None
    targets = _numbers(train, judge.class_names)[train.targets]
    chosen = np.flatnonzero(targets >= 0)
    fitting = MOST_BYTES // (judge.spec.height * judge.spec.width * judge.spec.channels)
    generator, most = np.random.default_rng(0), min(MOST_IMAGES, max(scored, 1000), fitting)
    if len(chosen) > most:
        chosen = np.sort(generator.choice(chosen, most, replace=False))
    decoded = train.take(chosen).decode(judge.spec, SILENCE)
    if not len(decoded.kept):
        return None
    return Part(decoded.pixels, targets[chosen[decoded.kept]])


def _places_by_name(samples: Samples, class_names: tuple[str, ...]) -> Indices:
    """Return, for each class number of the samples, the model's number of that name, or -1.

    Raises:
        DataError: Samples have a class that the model does not know.
    """
    unknown = [n for n, count in samples.counts.items() if count and n not in class_names]
    if unknown:
        raise DataError(
            f"The {samples.split} samples have classes that the model does not know: "
            f"{', '.join(unknown)}. It knows: {', '.join(class_names)}."
        )
    return _numbers(samples, class_names)


def _numbers(samples: Samples, class_names: tuple[str, ...]) -> Indices:
    known = {name: number for number, name in enumerate(class_names)}
    return np.array([known.get(name, -1) for name in samples.class_names], np.int64)


def _judge_of(model: Any, samples: Samples, *, trust: bool) -> tuple[_Judge, str | None]:
    """Return what gives the answers, and the name of the data that it was trained on."""
    if isinstance(model, str | Path):
        model = open_model(model, trust=trust)
    if isinstance(model, Run):
        model = model.model
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
