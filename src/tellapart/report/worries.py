"""What to worry about in a finished run: findings from its scores, its curves and its data."""

from collections.abc import Iterable, Iterator

from tellapart.check.finding import Finding, Severity, worst_first
from tellapart.evaluate.record import Evaluation
from tellapart.train.history import History

FEW = 30
"""A class with fewer test images has a recall that is known within 18 points at best."""

WIDE = 0.05
"""An accuracy whose interval reaches further on one side is a rough one."""

WORSE = 0.10
"""A class whose recall is certainly so far below the accuracy is named."""

UNSURE_ERROR = 0.05
"""A calibration error that is certainly above this makes probabilities misleading."""

AHEAD = 0.10
"""Training accuracy so far above validation accuracy is learning by heart."""


def find_worries(
    evaluation: Evaluation,
    history: History,
    *,
    validated_on_test: bool,
    skipped: tuple[str, ...] = (),
    data: Iterable[Finding] = (),
) -> tuple[Finding, ...]:
    """Return all there is to worry about, worst first.

    Args:
        evaluation: The scores on the test images.
        history: The epochs.
        validated_on_test: Whether the validation curve is of the test images.
        skipped: The pictures that could not be read.
        data: What the checks found in the data, if they were run.
    """
    return worst_first(
        (
            *_about_honesty(evaluation, validated_on_test=validated_on_test),
            *_about_leaks(evaluation),
            *_about_size(evaluation),
            *_about_baselines(evaluation),
            *_about_parts(evaluation),
            *_about_probabilities(evaluation),
            *_about_promises(evaluation),
            *_about_curves(history),
            *_about_files(skipped),
            *data,
        )
    )


def _worry(name: str, severity: Severity, message: str, advice: str) -> Finding:
    return Finding(check=name, severity=severity, message=message, advice=advice)


def _about_honesty(found: Evaluation, *, validated_on_test: bool) -> Iterator[Finding]:
    if validated_on_test:
        yield _worry(
            "validated-on-test",
            "warning",
            "The validation curve is of the test images, so whoever chooses by it chooses by the "
            "test: the score flatters then.",
            "Hold validation images out: --set data.validation=holdout",
        )
    if found.looks:
        times = "once" if found.looks == 1 else f"{found.looks:,} times"
        yield _worry(
            "looked-before",
            "warning",
            f"These test images had been scored {times} before. A choice that was made after "
            "looking makes the score flatter.",
            "Score the last choice on images that nobody has looked at.",
        )


def _about_leaks(found: Evaluation) -> Iterator[Finding]:
    if found.clean is not None and found.clean.leaking:
        yield _worry(
            "leaks",
            "problem",
            str(found.clean),
            "Split anew by groups, or let near-duplicates stay together: "
            "--set data.near_duplicates=together",
        )


def _about_size(found: Evaluation) -> Iterator[Finding]:
    reach = max(
        found.accuracy.high - found.accuracy.value, found.accuracy.value - found.accuracy.low
    )
    if reach > WIDE:
        yield _worry(
            "rough-score",
            "warning",
            f"{found.samples:,} test images are few: the accuracy is known as "
            f"{found.accuracy.low:.0%} to {found.accuracy.high:.0%}, no better.",
            "Set more images aside: --set data.test_fraction=0.3, or collect more.",
        )
    few = [score for score in found.classes if score.support < FEW]
    if few:
        names = ", ".join(f"{score.name} ({score.support:,})" for score in few[:10])
        more = f" and {len(few) - 10:,} more" if len(few) > 10 else ""
        yield _worry(
            "few-of-a-class",
            "remark",
            f"Classes with fewer than {FEW} test images, whose scores say little: {names}{more}.",
            "Collect more of them before you trust their rows in the table.",
        )


def _about_baselines(found: Evaluation) -> Iterator[Finding]:
    for baseline in found.baselines:
        if found.accuracy.low <= baseline.accuracy.value:
            yield _worry(
                "no-better",
                "problem",
                f"The network may be no better than this: {baseline.name}, which is right in "
                f"{baseline.accuracy.value:.1%}.",
                "Look at the mistakes and the labels; the network may have learned nothing.",
            )


def _about_parts(found: Evaluation) -> Iterator[Finding]:
    for score in found.classes:
        recall = score.recall_interval
        if recall is not None and recall.high < found.accuracy.value - WORSE:
            yield _worry(
                "weak-class",
                "warning",
                f"{score.name} is recognised in {recall.value:.0%} only "
                f"({recall.low:.0%} to {recall.high:.0%}).",
                "Look at what it is taken for, below, and whether its labels are right.",
            )
    for part in found.slices:
        yield _worry(
            "weak-slice",
            "warning",
            f"Pictures with {part.fact} from {part.low:.3g} to {part.high:.3g} are answered worse: "
            f"{part.accuracy.value:.1%} right of {part.samples:,}, against "
            f"{part.rest.value:.1%} of the others.",
            "Train on more pictures of that kind, or tell users of it.",
        )


def _about_probabilities(found: Evaluation) -> Iterator[Finding]:
    if found.calibration is None:
        return
    last = found.calibration.after or found.calibration.before
    if last.error.low > UNSURE_ERROR:
        yield _worry(
            "miscalibrated",
            "warning",
            f"The probabilities are off by {last.error.value:.1%} on average: do not take them "
            "at their word.",
            "More validation images make a better temperature.",
        )


def _about_promises(found: Evaluation) -> Iterator[Finding]:
    said = found.answers
    if said is None or said.risk is None or said.answered_error is None or said.is_promise_kept:
        return
    low, high = said.answered_error_low or 0.0, said.answered_error_high or 1.0
    yield _worry(
        "promise-not-kept",
        "warning" if low > said.risk else "remark",
        f"At most {said.risk:.1%} of the labels that are given were to be wrong; on these images "
        f"{said.answered_error:.1%} are ({low:.1%} to {high:.1%}).",
        "The promise is for pictures like the validation images, and these may be harder. Where "
        "yours are too, ask for less, such as a risk of 0.01.",
    )


def _about_curves(history: History) -> Iterator[Finding]:
    if not len(history):
        return
    best = history.best()
    if best.accuracy - best.val_accuracy > AHEAD:
        yield _worry(
            "learned-by-heart",
            "warning",
            f"Training accuracy ({best.accuracy:.1%}) is far above validation accuracy "
            f"({best.val_accuracy:.1%}): the network learned pictures by heart.",
            "Vary the pictures (--set augment.crop=0.7) or collect more.",
        )


def _about_files(skipped: tuple[str, ...]) -> Iterator[Finding]:
    if skipped:
        yield Finding(
            check="unreadable",
            severity="warning",
            message=f"Pictures that could not be read and were left out: {len(skipped):,}.",
            files=skipped[:200],
            count=len(skipped),
            advice="Mend or remove them; skipped.json in the run's folder has the reasons.",
        )
