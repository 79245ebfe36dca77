"""The end of a run, rehearsed: a run on a budget must know how long it will take."""

import time
from collections.abc import Callable

from typing_extensions import override

from tellapart.data.prepare import Prepared
from tellapart.predict.opening import open_predictor
from tellapart.recipe import Recipe
from tellapart.train.options import Finish
from tellapart.train.runs import RunFolder
from tellapart.workflow.deciding import fit_rules
from tellapart.workflow.predictions import ask_about
from tellapart.workflow.scoring import score_validation

PROCESS_SECONDS = 1.5
"""For the beginning of the process, before a run knows its budget, and for its end."""

MARGIN = 1.15
"""The end is supposed to take so many times what it was rehearsed in: others use the machine."""

MOST_IMAGES = 2_000
"""Validation images that the end is rehearsed on."""

MOST_FOR_A_SECOND = 0.05
"""Share of a budget that the end may take to be rehearsed a second time."""


def rehearse_end(folder: RunFolder, data: Prepared, recipe: Recipe) -> float:
    """Fit rules for the draft, score and draw as at the end, and leave nothing behind.

    All of it is on validation images.

    Returns:
        The seconds that it would have taken with all test images.
    """
    from tellapart.report.confusion import draw_confusion

    began = time.perf_counter()
    predictor = open_predictor(folder.draft_path, trust=True)
    if data.validation is not data.test:
        fit_rules(predictor, data, recipe)
        open_predictor(folder.draft_path, trust=True)  # as it is opened with its rules
    part = data.validation.spread(MOST_IMAGES)
    asked = time.perf_counter()
    answers = ask_about(part, data.class_names, predictor)
    found = score_validation(data, part, answers)
    asking = time.perf_counter() - asked
    for _ in range(7):  # the other four pictures and the page take no longer
        draw_confusion(found).to_png()
    return time.perf_counter() - began + asking * (len(data.test) / len(part) - 1)


class Rehearsal(Finish):
    """Does early what ends a run, to have a bundle, and to know the seconds of the end.

    Args:
        folder: Of the run. Its bundle is replaced by a draft that is finished.
        save: Writes the draft, without rules.
        decide: Fits rules for when to answer, and writes them into the draft.
        look_at_it: Opens and scores the draft and draws, leaving nothing behind; returns the
            seconds that it would have taken with the test images.
    """

    def __init__(
        self,
        folder: RunFolder,
        save: Callable[[], object],
        decide: Callable[[], object],
        look_at_it: Callable[[], float],
    ) -> None:
        self._folder, self._save = folder, save
        self._decide, self._look_at_it = decide, look_at_it

    @override
    def save(self) -> None:
        """Write the network as it is now as a bundle, calibrated, with its rules."""
        with self._folder.drafting():
            self._save()
            self._decide()
            self._folder.publish()

    @override
    def rehearse(self, *, keep: bool) -> float:
        """Return the seconds of the end, measured when all libraries are loaded.

        Where time is short they are measured while those load, and are a little too many.
        """
        budget = self._folder.record().budget or float("inf")
        with self._folder.drafting():
            seconds = self._end()
            if seconds <= MOST_FOR_A_SECOND * budget:
                seconds = self._end()
            seconds = MARGIN * seconds + PROCESS_SECONDS
            if not (keep and self._folder.bundle_path.is_file()):
                self._decide()
                self._folder.publish()
        return seconds

    def _end(self) -> float:
        """Save and look at it, and return how long the end would have taken so."""
        began = time.perf_counter()
        self._save()
        return 2 * (time.perf_counter() - began) + self._look_at_it()
