"""All scores of a run's classifier: its answers, a temperature, and what else is known."""

import numpy as np

from tellapart.bundle import Scores
from tellapart.data.prepare import Part, Prepared
from tellapart.evaluate.record import Evaluation
from tellapart.evaluate.scores import About, evaluate_probabilities
from tellapart.evaluate.temperature import fit_temperature, log_probabilities
from tellapart.predict.predictor import Predictor
from tellapart.train.runs import RunFolder
from tellapart.workflow.background import background_of, draw_pieces
from tellapart.workflow.looks import earlier_looks, look_now, tell_of_looks, write_look
from tellapart.workflow.predictions import Answers, ask_about, write_answers

MOST_FITTED = 5000
"""Validation images that a temperature is fitted on, drawn at random."""


def score_run(folder: RunFolder, data: Prepared, predictor: Predictor) -> Evaluation:
    """Return all scores of the saved classifier on its test images.

    It is the bundle that is scored, not the network in memory. The answers are written into
    the run's folder, and that these images were looked at.

    Args:
        folder: The run's.
        data: The run's.
        predictor: The classifier; it is asked about validation images too, for a temperature.

    Raises:
        OutputError: The folder cannot be written.
    """
    answers = ask_about(data.test, data.class_names, predictor)
    write_answers(folder, answers)
    held_out = None if data.validation is data.test else data.validation
    temperature = None if held_out is None else temperature_of(predictor, held_out)
    own, others = earlier_looks(folder, answers.fingerprint)
    note = f"{data.policy} {tell_of_looks(others, 'test')}".strip()
    found = _score(data, "test", data.test, answers, temperature, note)
    write_look(folder, look_now("train", "test", answers.fingerprint))
    return found.model_copy(update={"looks": own + others})


def score_validation(data: Prepared, part: Part, answers: Answers) -> Evaluation:
    """Return all scores on the first validation images, as a test image would be scored."""
    split = "validation" if "validation" in data.decoded else "test"
    return _score(data, split, part, answers, 1.0, data.policy)


def temperature_of(predictor: Predictor, part: Part) -> float:
    """Return the temperature that fits images that the classifier was not trained on."""
    pairs = [
        (predictor.probabilities(piece.pixels), piece.targets)
        for piece in draw_pieces(part, MOST_FITTED)
    ]
    found, targets = (np.concatenate(column) for column in zip(*pairs, strict=True))
    return fit_temperature(log_probabilities(found), targets)


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


def _score(
    data: Prepared,
    split: str,
    part: Part,
    answers: Answers,
    temperature: float | None,
    note: str,
) -> Evaluation:
    samples, reading = data.decoded[split]
    known = background_of(samples, reading.kept[: len(part)], part, data.train)
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
