"""Score a classifier on samples whose classes are known."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tellapart._extras import prepare_keras
from tellapart.data.cache import usual_cache
from tellapart.data.dataset import Dataset
from tellapart.data.layout import Layout
from tellapart.data.prepare import list_skipped
from tellapart.data.readers import Reader, Reading
from tellapart.data.samples import Indices, Samples
from tellapart.errors import DataError, ImageError
from tellapart.evaluate.record import Evaluation, SkippedFile
from tellapart.evaluate.scores import evaluate_probabilities
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import KerasRuntime, Runtime
from tellapart.progress import Progress, open_progress
from tellapart.sections import ImageSpec
from tellapart.workflow.inspect import load
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
    trust: bool = False,
    strict: bool = False,
    use_cache: bool = True,
    layout: Layout | None = None,
    data_folder: str | Path | None = None,
    backend: str | None = None,
    quiet: bool = False,
) -> Evaluation:
    """Return all scores of a classifier on some samples, read as training reads them.

    Args:
        model: A `Run`, a `Predictor`, the path of a bundle, or a `keras.Model`.
        data: A `Samples`, such as `data.test`, a `Dataset`, or what `load` takes.
        split: Which split of a data set; by default "test", or all where there is none.
        trust: Build a network of its maker's own, which may run code.
        strict: Refuse pictures that cannot be read, instead of skipping them.
        use_cache: Look for decoded pictures in this user's cache, and keep them there.
        layout: Which columns, root and patterns to read the data by; guessed by default.
        data_folder: A folder to look for a known data set in, instead of the usual places.
        backend: "tensorflow", "jax" or "torch", if Keras is not loaded yet.
        quiet: Show no progress.

    Raises:
        DataError: The samples have classes that the model does not know, or none can be read;
            or `strict`, and one cannot.
        BundleError: The bundle cannot be used.
        ModelError: The `keras.Model` does not fit the samples.
    """
    prepare_keras(backend)
    progress = open_progress(quiet=quiet)
    if not isinstance(data, Samples | Dataset):
        data = load(data, layout=layout, data_folder=data_folder, quiet=quiet)
    name, title, samples = _samples_of(data, split)
    if isinstance(model, str | Path):
        model = open_model(model, trust=trust)
    if isinstance(model, Run):
        model = model.model
    runtime, names, spec = _what_answers(model, samples)
    places = _places_by_name(samples, names)
    reader = Reader(spec, title, usual_cache() if use_cache else None, progress)
    reading = reader.read(samples)
    _tell_of(reading, progress, strict=strict)
    probabilities = runtime.probabilities(reading.pixels)
    targets = places[samples.targets[reading.kept]]
    found = evaluate_probabilities(
        targets,
        probabilities,
        names,
        data=name,
        split=samples.split,
        note=_note(model, name, samples, len(reading.failures)),
    )
    return found.model_copy(update={"skipped": tuple(map(_skipped, reading.failures))})


def _note(model: Any, name: str, samples: Samples, skipped: int) -> str:
    """Return what must be known to believe the scores."""
    said = [f"Pictures that could not be read: {skipped:,}."] if skipped else []
    is_known = isinstance(model, Predictor) and name == model.manifest.data.name
    if is_known and samples.split != "test":
        said.append(_SEEN)
    return " ".join(said)


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


def _samples_of(data: Samples | Dataset, split: str | None) -> tuple[str, str, Samples]:
    """Return a name, where the data are from in words, and the samples to score."""
    if isinstance(data, Samples):
        return "the given samples", "the given samples", data
    if split is None and set(data.splits) == {"train"}:
        samples = replace(data.train, split="all")
    else:
        samples = data.split(split or "test")
    return data.name, data.source or data.origin, samples


def _what_answers(
    model: Any, samples: Samples
) -> tuple[Predictor | Runtime, tuple[str, ...], ImageSpec]:
    """Return what gives probabilities, their classes, and the pixels that it takes."""
    if isinstance(model, Predictor):
        return model, model.class_names, model.manifest.image
    runtime, spec = _keras_runtime(model, samples)
    return runtime, samples.class_names, spec


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
