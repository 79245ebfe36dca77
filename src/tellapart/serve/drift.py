"""Whether the pictures of late are like those that the classifier was validated on."""

import math
import threading
from collections import deque
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tellapart.predict.prediction import Prediction
from tellapart.profile import Profile, Spread

WINDOW = 1_000
"""How many of the last answers are looked at."""

FEWEST = 100
"""With fewer answers nothing is said."""

ERRORS = 4.0
"""So many standard errors are more than chance: fewer than one false alarm in ten thousand looks
at one number."""

RATE_STEP, MEAN_STEP = 0.05, 0.3
"""What a person should hear of: five points of a share, or 0.3 standard deviations of a mean."""

LOOKS = ("brightness", "contrast", "sharpness")

State = Literal["as-usual", "changed", "waiting", "no-profile"]


class Light(BaseModel):
    """Is what is said about one number.

    Attributes:
        what: Which number.
        state: "as-usual", "changed", "waiting" for more answers, or "no-profile" where the
            bundle does not know how it was.
        now: Its mean over the last answers.
        before: Its mean over the validation images.
        message: The same in words.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    state: State
    now: float | None
    before: float | None
    message: str


class Drift:
    """Remembers numbers about the last answers, and no picture.

    Args:
        profile: What the validation images were like; `None` for a bundle that does not say.
        window: How many answers to remember.
    """

    def __init__(self, profile: Profile | None, window: int = WINDOW) -> None:
        self._profile = profile
        self._lock = threading.Lock()
        self._answers: deque[tuple[bool, bool, float]] = deque(maxlen=window)
        self._looks: deque[NDArray[np.float32]] = deque(maxlen=window)

    def note(self, answers: Sequence[Prediction], looks: NDArray[np.float32]) -> None:
        """Remember some answers; those about what is no picture are passed over.

        Args:
            answers: By the classifier's own rules, not by a user's.
            looks: `(m, 3)`: brightness, contrast and sharpness of pictures, m at most n.
        """
        rows = [
            (a.verdict == "unsure", a.verdict == "unknown", _or_nan(a.novelty))
            for a in answers
            if a.verdict != "error"
        ]
        with self._lock:
            self._answers.extend(rows)
            self._looks.extend(looks)

    def lights(self) -> list[Light]:
        """Return what is to be said about each number."""
        with self._lock:
            answers, looks = list(self._answers), list(self._looks)
        profile = self._profile
        if profile is None:
            return [_no_profile()]
        if len(answers) < FEWEST:
            return [_waiting("answers", len(answers), None)]
        columns = np.array(answers, np.float64).reshape(-1, 3)
        found = [
            _rate_light("unsure", columns[:, 0], profile.unsure, profile.samples),
            _rate_light("unknown", columns[:, 1], profile.unknown, profile.samples),
        ]
        if profile.novelty is not None:
            novelty = columns[:, 2][np.isfinite(columns[:, 2])]
            found.append(_mean_light("novelty", novelty, profile.novelty, profile.samples))
        measured = np.array(looks, np.float64).reshape(-1, len(LOOKS))
        for name, column in zip(LOOKS, measured.T, strict=True):
            found.append(_mean_light(name, column, getattr(profile, name), profile.measured))
        return found


def _rate_light(what: str, seen: NDArray[np.float64], before: float, samples: int) -> Light:
    """Return the light of a share, by the two-sample test of proportions.

    Of the standard errors with a pooled share and with two shares the larger one counts: with
    small shares and few answers each alone is too small on one side of the share.
    """
    now, count = float(seen.mean()), len(seen)
    pooled = (seen.sum() + before * samples) / (count + samples)
    together = pooled * (1 - pooled) * (1 / count + 1 / samples)
    apart = now * (1 - now) / count + before * (1 - before) / samples
    error = math.sqrt(max(together, apart))
    difference = abs(now - before)
    changed = difference > max(RATE_STEP, ERRORS * error)
    words = f"{what}: {now:.1%} of the last {len(seen):,} answers, {before:.1%} in validation"
    return _said(what, now, before, words, changed=changed)


def _mean_light(what: str, seen: NDArray[np.float64], before: Spread, samples: int) -> Light:
    """Return the light of a mean, by Welch's two-sample test with large-sample limits.

    The spread of the answers is taken to be no smaller than that of the validation images: a
    few answers of a skewed number miss its tail, and seem to have less.
    """
    if len(seen) < FEWEST:
        return _waiting(what, len(seen), before.mean)
    now, variance = float(seen.mean()), max(float(seen.var()), before.deviation**2)
    error = math.sqrt(variance / len(seen) + before.deviation**2 / samples)
    difference = abs(now - before.mean)
    changed = difference > max(MEAN_STEP * before.deviation, ERRORS * error)
    words = f"{what}: {now:.3g} on average over the last {len(seen):,}, {before.mean:.3g} in "
    return _said(what, now, before.mean, f"{words}validation", changed=changed)


def _said(what: str, now: float, before: float, words: str, *, changed: bool) -> Light:
    state: State = "changed" if changed else "as-usual"
    verdict = "changed" if changed else "as usual"
    return Light(what=what, state=state, now=now, before=before, message=f"{words}: {verdict}.")


def _waiting(what: str, count: int, before: float | None) -> Light:
    words = f"{what}: {count} of the {FEWEST} that are needed to tell."
    return Light(what=what, state="waiting", now=None, before=before, message=words)


def _no_profile() -> Light:
    words = (
        "This classifier's file does not say what its validation images were like. "
        "Train it again with validation images to have that."
    )
    return Light(what="profile", state="no-profile", now=None, before=None, message=words)


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number
