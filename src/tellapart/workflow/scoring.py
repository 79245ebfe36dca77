"""All scores of a run's classifier: its answers, its rules, and what else is known."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from tellapart.data.prepare import Part, Prepared
from tellapart.evaluate.clean import score_clean
from tellapart.evaluate.parts import CleanScore
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_probabilities
from tellapart.interrupts import raise_if_heard
from tellapart.manifest import Scores
from tellapart.predict.predictor import Predictor
from tellapart.progress import SILENCE
from tellapart.train.runs import RunFolder
from tellapart.workflow.background import Background, background_of
from tellapart.workflow.leaks import find_leaking
from tellapart.workflow.looks import earlier_looks, look_now, tell_of_looks, write_look
from tellapart.workflow.predictions import Answers, ask_about, score_of_answers, write_answers

MOST_AHEAD = 1 << 28
"""Bytes of pixels, at most, that are looked through while a network learns from them."""


@contextmanager
def looking_ahead(data: Prepared) -> Iterator[Future[Background] | None]:
    """Find out what is known of the test images while the network learns.

    None of it depends on the network, and one processor has nothing to do while the other
    compiles the steps. More pictures, or those on disk, are left for the end.
    """
    parts = (data.train.pixels, data.test.pixels)
    if any(type(pixels) is not np.ndarray for pixels in parts) or (
        sum(pixels.nbytes for pixels in parts) > MOST_AHEAD
    ):
        yield None
        return
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        yield thread.submit(known_of, data, "test", data.test)


def score_run(
    folder: RunFolder,
    data: Prepared,
    predictor: Predictor,
    known: Future[Background] | None = None,
) -> Evaluation:
    """Return all scores of the saved classifier on its test images.

    It is the bundle that is scored, not the network in memory. The answers are written into
    the run's folder, and that these images were looked at.

    Args:
        folder: The run's.
        data: The run's.
        predictor: The classifier, with its rules.
        known: What `looking_ahead` finds; looked for now by default.

    Raises:
        OutputError: The folder cannot be written.
    """
    raise_if_heard()
    answers = ask_about(data.test, data.class_names, predictor)
    write_answers(folder, answers)
    rules = predictor.manifest.decisions
    temperature = None if rules is None else rules.temperature
    _, others = earlier_looks(folder, answers.fingerprint)
    note = f"{data.policy} {tell_of_looks(others, 'test')}".strip()
    background = known_of(data, "test", data.test) if known is None else known.result()
    found = _score(data, "test", answers, temperature, note, background)
    write_look(folder, look_now("train", "test", answers.fingerprint))
    update = {
        "looks": others,
        "answers": score_of_answers(predictor, answers),
        "clean": _without_leaks(data, answers),
    }
    return found.model_copy(update=update)


def _without_leaks(data: Prepared, answers: Answers) -> CleanScore | None:
    """Return the score without images that have a copy in training, where a user gave the splits.

    Known data sets and arrays are left to `evaluate --check-leaks`.
    """
    train = data.source.train
    if "test" not in data.source.splits or train.images.keys_are_positions:
        return None
    samples, reading = data.decoded["test"]
    leaks = find_leaking(train, samples, None, SILENCE)
    return None if leaks is None else score_clean(answers.right, leaks[reading.kept])


def score_validation(data: Prepared, part: Part, answers: Answers) -> Evaluation:
    """Return all scores on the first validation images, as a test image would be scored."""
    split = "validation" if "validation" in data.decoded else "test"
    known = known_of(data, split, part)
    return _score(data, split, answers, 1.0, data.policy, known)


def summary_of(evaluation: Evaluation) -> Scores:
    """Return the scores that a bundle carries.

    Raises:
        ValueError: They are not of probabilities.
    """
    if evaluation.loss is None:
        raise ValueError("The scores of a bundle must be those of probabilities.")
    return Scores(
        accuracy=evaluation.accuracy.value,
        accuracy_low=evaluation.accuracy.low,
        accuracy_high=evaluation.accuracy.high,
        loss=evaluation.loss,
        samples=evaluation.samples,
    )


def known_of(data: Prepared, split: str, part: Part) -> Background:
    """Return what is known of the first images of a split beside the answers."""
    samples, reading = data.decoded[split]
    return background_of(samples, reading.kept[: len(part)], part, data.train)


def _score(
    data: Prepared,
    split: str,
    answers: Answers,
    temperature: float | None,
    note: str,
    known: Background,
) -> Evaluation:
    about = About(
        data=data.name,
        split=split,
        note=note,
        groups=known.groups,
        temperature=temperature,
        baselines=known.baselines,
        facts=known.facts,
    )
    return evaluate_probabilities(answers.targets, answers.probabilities, data.class_names, about)
