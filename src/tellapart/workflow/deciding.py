"""A trained classifier learns, from validation images, when to answer."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tellapart.bundle import Bundle, open_bundle, write_bundle
from tellapart.data.prepare import Part, Prepared
from tellapart.decisions import Decisions
from tellapart.evaluate.decide import fit_decisions
from tellapart.evaluate.novelty import NEIGHBOUR, REFERENCES, choose_references
from tellapart.predict.opening import open_predictor
from tellapart.predict.predictor import Predictor
from tellapart.predict.runtimes import Answers
from tellapart.profile import Profile
from tellapart.progress import Progress
from tellapart.recipe import Recipe
from tellapart.verdicts import measure_novelty
from tellapart.workflow.profiling import MOST_MEASURED, profile_answers

MOST_IMAGES = 20_000
"""Validation images that the rules are fitted on, at most."""

_PIECE = 2048


def decide(path: Path, data: Prepared, recipe: Recipe, progress: Progress) -> Bundle:
    """Fit the rules of a saved classifier, write them into its bundle, and return it.

    Where the validation images are the test images no rule is fitted, since the test score
    would no longer say what the rules are worth.

    Args:
        path: The bundle.
        data: What it was trained on, and what is left.
        recipe: Its section `answers`, and its seed.
        progress: Where it is said what came of it.

    Raises:
        OutputError: The bundle cannot be written.
    """
    bundle = open_bundle(path)
    if data.validation is data.test:
        progress.say(
            "The classifier answers always: no images are left from which it could learn when it "
            "is unsure. Fix: --set data.validation=holdout"
        )
        return bundle
    predictor = open_predictor(path, trust=True)
    decisions, references, profile = fit_rules(predictor, data, recipe)
    progress.say(describe_rules(decisions))
    decided = bundle.with_decisions(decisions, references, profile)
    write_bundle(path, decided)
    return decided


def fit_rules(
    predictor: Predictor, data: Prepared, recipe: Recipe
) -> tuple[Decisions, NDArray[np.float16] | None, Profile]:
    """Return a classifier's rules, the references for novelty where it has features, its profile.

    The profile is of the same validation images: what later pictures are held against.
    """
    random = np.random.default_rng(recipe.seed)
    asked = random.permutation(len(data.validation))[:MOST_IMAGES]
    seen = _ask(predictor, data.validation, asked)
    targets = np.concatenate([targets for _, targets in seen])
    probabilities = np.concatenate([answers.probabilities for answers, _ in seen])
    features = _features(answers for answers, _ in seen)
    references = novelty = None
    if features is not None:
        places = random.permutation(len(data.train))[:REFERENCES]
        known = _features(answers for answers, _ in _ask(predictor, data.train, places))
        references = None if known is None else choose_references(known)
    if features is not None and references is not None:
        novelty = measure_novelty(features, references, NEIGHBOUR)
    decisions = fit_decisions(probabilities, targets, novelty, recipe.answers)
    pixels = data.validation.pixels[asked[:MOST_MEASURED]]
    return decisions, references, profile_answers(decisions, probabilities, novelty, pixels)


def describe_rules(found: Decisions) -> str:
    """Return in a few sentences when a classifier answers."""
    words = [f"Learnt from {found.samples:,} validation images when to answer."]
    table = found.table
    row = table.row_for(found.risk) if table is not None else None
    promise = f"at most {100 * found.risk:g}% wrong, with 95% confidence"
    if table is None:
        words.append(f"These are too few to promise {promise}: nothing is called unsure.")
    elif row is None:
        words.append(f"No share of them can be answered with {promise}: all is called unsure.")
    else:
        words.append(
            f"A label is given from a probability of {100 * table.thresholds[row]:.1f}% on: to "
            f"{100 * table.answered[row] / table.samples:.1f}% of them, {promise}."
        )
    if found.novelty is None:
        words.append("Nothing is called unknown: too few images, or a network without features.")
    else:
        words.append(f"Known pictures called unknown: {100 * found.novelty.share:g}%, on average.")
    return " ".join(words)


def _ask(
    predictor: Predictor, part: Part, places: NDArray[np.int64]
) -> list[tuple[Answers, NDArray[np.int64]]]:
    """Return the network's answers about some samples, a piece at a time, with the targets."""
    pieces = [places[first : first + _PIECE] for first in range(0, len(places), _PIECE)]
    return [
        (predictor.judge(part.pixels[piece], always_answer=True)[0], part.targets[piece])
        for piece in pieces
    ]


def _features(answers: Iterator[Answers]) -> NDArray[np.float32] | None:
    found = [each.features for each in answers]
    arrays = [array for array in found if array is not None]
    return np.concatenate(arrays) if len(arrays) == len(found) else None
