"""The page about a run: what it came to, how far to believe it, and how to have it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tellapart._version import __version__
from tellapart.check.finding import Finding
from tellapart.evaluate.parts import Interval
from tellapart.evaluate.record import Evaluation
from tellapart.figures import Picture
from tellapart.report.galleries import Answered, cards_of, choose_mistakes, choose_pairs
from tellapart.report.page import picture_source, png_source, render_page

PLOTS: Mapping[str, tuple[str, str, bool]] = MappingProxyType(
    {
        "confusion.png": (
            "Confusion matrix",
            "Rows are the true classes, columns what was said.",
            False,
        ),
        "reliability.png": (
            "Reliability",
            "On the dotted line the classifier is as sure as it is right.",
            False,
        ),
        "risk-coverage.png": (
            "Risk and coverage",
            "How many answers are wrong if only the surest are given.",
            False,
        ),
        "roc.png": (
            "ROC and precision–recall",
            "How well each class is told from all others.",
            True,
        ),
    }
)
"""The plots of the scores: title, caption, and whether it has a row of its own."""


@dataclass(frozen=True, eq=False)
class RunStory:
    """Is all that the page about a run tells.

    Attributes:
        title: What it is called.
        evaluation: The scores on the test images.
        promise: What the classifier promises of the answers that it gives, in sentences.
        worries: What to worry about, worst first.
        unlooked: What was not looked at, in sentences.
        pictures: What is drawn of the run, as PNG by file name.
        outlook: What more time would probably buy, in a sentence.
        answered: The test images that are shown; `None` where they are out of reach.
        unseen: Why they are out of reach.
        grid: Some of the training images.
        splits: How many images of each class each split has.
        source: What the data were found by, or "".
        recipe: The recipe, as TOML.
        again: How to have the same run again, in sentences.
        facts: What it ran on.
    """

    title: str
    evaluation: Evaluation
    promise: Sequence[str]
    worries: Sequence[Finding]
    unlooked: Sequence[str]
    pictures: Mapping[str, bytes]
    outlook: str
    answered: Answered | None
    unseen: str
    grid: Picture | None
    splits: Mapping[str, Mapping[str, int]]
    source: str
    recipe: str
    again: Sequence[str]
    facts: Mapping[str, str]


def draw_run(story: RunStory) -> str:
    """Return the page as HTML that needs nothing outside itself."""
    evaluation = story.evaluation
    values: dict[str, Any] = {
        "title": story.title,
        "answer": answer_of(evaluation),
        "more": story.promise,
        "evaluation": evaluation,
        "worries": story.worries,
        "unlooked": story.unlooked,
        "headline": headline_rows(evaluation),
        "plots": _plots(story.pictures),
        "curves": png_source(story.pictures["curves.png"]),
        "outlook": story.outlook,
        "grid": picture_source(story.grid) if story.grid is not None else None,
        "splits": story.splits,
        "source": story.source,
        "recipe": story.recipe,
        "again": story.again,
        "facts": story.facts,
        "unseen": story.unseen,
        "wrong": round((1 - evaluation.accuracy.value) * evaluation.samples),
        "version": __version__,
    }
    return render_page("run.html", {**values, **_galleries(story)})


def answer_of(found: Evaluation) -> str:
    """Return in one sentence what a classifier is worth."""
    share = found.accuracy
    reach = max(share.high - share.value, share.value - share.low)
    sentence = (
        f"Right on {share.value:.1%} of {found.samples:,} {found.split} images that it had not "
        f"seen, give or take {100 * reach:.1f} points."
    )
    if found.is_skewed and found.balanced_accuracy is not None:
        sentence += (
            f" The classes are of very different sizes: averaged over them it is right on "
            f"{found.balanced_accuracy.value:.1%}."
        )
    if found.baselines:
        best = max(found.baselines, key=lambda baseline: baseline.accuracy.value)
        sentence += f" The best simple way, {best.name}, is right on {best.accuracy.value:.1%}."
    return sentence


def headline_rows(found: Evaluation) -> list[tuple[str, str, str, str]]:
    """Return the scores over all classes: name, value, and the ends of the interval."""
    shares: list[tuple[str, Interval | None]] = [("accuracy", found.accuracy)]
    balanced = ("balanced accuracy", found.balanced_accuracy)
    shares.insert(0 if found.is_skewed else 1, balanced)
    if found.top_k is not None:
        shares.append((f"true class among the first {found.top_k.k}", found.top_k.score))
    shares.append(("macro F1", found.macro_f1))
    if found.calibration is not None:
        last = found.calibration.after or found.calibration.before
        shares.append(("calibration error (less is better)", last.error))
    numbers = [
        ("mean ROC area", found.roc_area),
        ("log loss (less is better)", found.log_loss),
        ("Brier score (less is better)", found.brier),
    ]
    rows = [_row(name, value, "{:.2%}") for name, value in shares if value is not None]
    rows += [_row(name, value, "{:.4f}") for name, value in numbers if value is not None]
    rows += [_row(f"for comparison: {b.name}", b.accuracy, "{:.2%}") for b in found.baselines]
    return rows


def _row(name: str, value: Interval, form: str) -> tuple[str, str, str, str]:
    return name, form.format(value.value), form.format(value.low), form.format(value.high)


def _plots(pictures: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Return the plots of the scores that there are."""
    return [
        {"title": title, "caption": caption, "source": png_source(pictures[name]), "wide": wide}
        for name, (title, caption, wide) in PLOTS.items()
        if name in pictures
    ]


def _galleries(story: RunStory) -> dict[str, Any]:
    """Return the mistakes that are shown, and the confused pairs."""
    shown, names = story.answered, story.evaluation.class_names
    if shown is None:
        return {"mistakes": [], "pairs": [], "has_heat": False}
    mistakes = choose_mistakes(shown.targets, shown.probabilities)
    pairs = choose_pairs(story.evaluation, shown.targets, shown.probabilities)
    counts = {(p.target, p.predicted): p for p in story.evaluation.confused}
    return {
        "mistakes": cards_of(shown, mistakes, names),
        "pairs": [
            {**counts[pair].model_dump(), "cards": cards_of(shown, places, names)}
            for pair, places in pairs.items()
        ],
        "has_heat": shown.heat is not None,
    }
