"""Score a classifier on samples whose classes are known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tellapart._extras import prepare_keras
from tellapart.data.dataset import Dataset
from tellapart.data.samples import Indices, Samples
from tellapart.errors import DataError
from tellapart.evaluate.clean import score_clean
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import evaluate_probabilities
from tellapart.images.arrays import Pixels
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import KerasRuntime, Runtime
from tellapart.progress import SILENCE, Progress, open_progress
from tellapart.sections import ImageSpec
from tellapart.workflow.inspect import load
from tellapart.workflow.leaks import find_leaking
from tellapart.workflow.predict import open_model
from tellapart.workflow.runs import Run

_SEEN = (
    "The classifier may have been trained on some of these pictures; the scores flatter it then."
)


def evaluate(
    model: Any,
    data: Any,
    *,
    split: str | None = None,
    check_leaks: bool | None = None,
    trust: bool = False,
    backend: str | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Return all scores of a classifier on some samples.

    Args:
        model: A `Run`, a `Predictor`, the path of a bundle, or a `keras.Model`.
        data: A `Samples`, such as `data.test`, a `Dataset`, or what `load` takes.
        split: Which split of a data set; by default "test", or all where there is none.
        check_leaks: State the score without images that have a copy, or one of their group, in
            the training split; by default where the data have splits of their own and at most
            20,000 images.
        trust: Build a network of its maker's own, which may run code.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        DataError: The samples have classes that the model does not know, or cannot be read.
        UsageError: `check_leaks` is true, and there is no training split beside the samples.
        BundleError: The bundle cannot be used.
        ModelError: The `keras.Model` does not fit the samples.
    """
    prepare_keras(backend)
    progress = open_progress(quiet=quiet)
    found_data = data if isinstance(data, Samples) else _open(data, quiet=quiet)
    name, samples = _samples_of(found_data, split)
    if isinstance(model, str | Path):
        model = open_model(model, trust=trust)
    if isinstance(model, Run):
        model = model.model
    leaks = find_leaking(found_data, samples, check_leaks, progress)
    if isinstance(model, Predictor):
        names, spec = model.class_names, model.manifest.image
        found = score_samples(
            model, names, spec, samples, data=name, leaks=leaks, progress=progress
        )
        if samples.split != "test" and name == model.manifest.data.name:
            return found.model_copy(update={"note": f"{found.note} {_SEEN}".strip()})
        return found
    runtime, spec = _keras_runtime(model, samples)
    names = samples.class_names
    return score_samples(runtime, names, spec, samples, data=name, leaks=leaks, progress=progress)


def score_samples(
    runtime: Predictor | Runtime,
    class_names: tuple[str, ...],
    spec: ImageSpec,
    samples: Samples,
    *,
    data: str,
    leaks: NDArray[np.bool_] | None = None,
    progress: Progress = SILENCE,
) -> Evaluation:
    """Return all scores of anything that gives probabilities, on some samples.

    Args:
        runtime: What is scored.
        class_names: The classes in the order of its probabilities.
        spec: The pixels that it takes.
        samples: What it is scored on; their classes are matched by name.
        data: The data set's name.
        leaks: `(n,)`: which samples have a copy or one of their group in training.
        progress: Where long work shows itself.

    Raises:
        DataError: A class is unknown to the model, or no picture can be read.
    """
    places = _places_by_name(samples, class_names)
    decoded = samples.decode(spec, progress)
    if not len(decoded.kept):
        first = decoded.failures[0] if decoded.failures else "there are none"
        raise DataError(f"No picture to score can be read. The first: {first}")
    bad = len(decoded.failures)
    note = f"Pictures that could not be read: {bad:,}." if bad else ""
    for failure in decoded.failures[:10]:
        progress.say(str(failure))
    targets = places[samples.targets[decoded.kept]]
    return score_pixels(
        runtime,
        class_names,
        decoded.pixels,
        targets,
        data=data,
        split=samples.split,
        note=note,
        leaks=None if leaks is None else leaks[decoded.kept],
    )


def score_pixels(
    runtime: Predictor | Runtime,
    class_names: tuple[str, ...],
    pixels: Pixels,
    targets: Indices,
    *,
    data: str,
    split: str,
    note: str = "",
    leaks: NDArray[np.bool_] | None = None,
) -> Evaluation:
    """Return all scores on pixels that fit already."""
    found = runtime.probabilities(pixels)
    scores = evaluate_probabilities(targets, found, class_names, data=data, split=split, note=note)
    if leaks is None:
        return scores
    return scores.model_copy(update={"clean": score_clean(found.argmax(axis=1) == targets, leaks)})


def _open(data: Any, *, quiet: bool) -> Dataset:
    return data if isinstance(data, Dataset) else load(data, quiet=quiet)


def _samples_of(found: Dataset | Samples, split: str | None) -> tuple[str, Samples]:
    """Return a name and the samples to score."""
    if isinstance(found, Samples):
        return "the given samples", found
    if split is None and set(found.splits) == {"train"}:
        return found.name, replace(found.train, split="all")
    return found.name, found.split(split or "test")


def _places_by_name(samples: Samples, class_names: tuple[str, ...]) -> Indices:
    """Return, for each class number of the samples, the model's number of that name.

    Raises:
        DataError: Samples have a class that the model does not know.
    """
    known = {name: number for number, name in enumerate(class_names)}
    unknown = [n for n, count in samples.counts.items() if count and n not in known]
    if unknown:
        raise DataError(
            f"The {samples.split} samples have classes that the model does not know: "
            f"{', '.join(unknown)}. It knows: {', '.join(class_names)}."
        )
    return np.array([known.get(name, -1) for name in samples.class_names], np.int64)


def _keras_runtime(network: Any, samples: Samples) -> tuple[KerasRuntime, ImageSpec]:
    from tellapart.models.custom import check_custom, output_kind

    shape = samples.images.shape or (28, 28, 1)
    guess = ImageSpec(height=shape[0], width=shape[1], channels=3 if shape[2] == 3 else 1)
    spec = check_custom(network, len(samples.class_names), guess)
    return KerasRuntime(network, output_kind(network, spec)), spec
