"""One classifier that is served: its answers, by many requests at once, and its replacement."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tellapart.data.measures import measure_light
from tellapart.errors import ImageError, TellapartError
from tellapart.images.arrays import Pixels
from tellapart.predict.inputs import Fitted, Item
from tellapart.predict.prediction import Prediction
from tellapart.sections import ImageSpec
from tellapart.serve.batching import Batcher
from tellapart.serve.explaining import Explained, explain_item
from tellapart.serve.jobs import Job, Wish, decode_item
from tellapart.serve.keeping import Keeper
from tellapart.serve.limits import Limits
from tellapart.serve.loaded import Loaded, Opener, load
from tellapart.serve.metrics import Metrics
from tellapart.serve.problems import Overloaded, Problem, status_of

MEASURED_PIXELS = 1 << 18
"""Of each batch whose light is measured, at most, so that large pictures cost little of it."""

THREADS = 2

NOBODY = ImageError("the image", "not-wanted", "whoever asked has gone.")
"""Stands for a picture that is not decoded, and for its answer, which nobody gets."""


@dataclass(frozen=True, eq=False)
class Answered:
    """Is an answer, and the bundle that it came from."""

    prediction: Prediction
    loaded: Loaded


class Served:
    """Answers about pictures by one bundle, and takes over its replacement without a pause.

    Args:
        name: By which it is asked for.
        path: The bundle.
        opener: Makes a predictor of it.
        limits: How much may wait.
        metrics: What is counted.

    Raises:
        BundleError: The bundle cannot be used, or does not answer as it did after training.
    """

    def __init__(
        self, name: str, path: Path, opener: Opener, limits: Limits, metrics: Metrics
    ) -> None:
        self.name, self.path, self.opener, self._limits = name, path, opener, limits
        self._metrics = metrics
        self.keeper: Keeper | None = None
        self.loaded = load(path, opener)
        self._batches = metrics.batches.labels(name)
        self._batcher = Batcher(
            self._answer,
            f"answer-{name}",
            threads=THREADS,
            most=limits.batch,
            waiting=limits.waiting,
            is_heavy=lambda job: job.is_heavy,
        )
        metrics.waiting.labels(name).set_function(lambda: self._batcher.waiting)
        self._explainer = Batcher(
            self._explain, f"explain-{name}", threads=1, most=1, waiting=limits.explaining
        )

    @property
    def waiting(self) -> int:
        """Return how many pictures wait."""
        return self._batcher.waiting

    def check_room(self, count: int = 1) -> None:
        """Refuse what would have to wait, before anything is spent on it.

        Raises:
            Overloaded: So many pictures more may not wait.
        """
        self._batcher.check_room(count)

    async def ask(self, items: Sequence[Item], wish: Wish) -> list[Answered]:
        """Return the answers about some pictures, all from one bundle.

        Raises:
            Problem: Too many wait already, it took too long, or the wish cannot be granted.
        """
        gone = threading.Event()
        jobs = [Job(item, wish, gone) for item in items]
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                while True:
                    answers = await self._batcher.ask(jobs)
                    found = [_raised(answer) for answer in answers]
                    if len({id(each.loaded) for each in found}) == 1:
                        return found
        except TimeoutError:
            raise Overloaded(
                f"The answer was not there within {self._limits.answer_seconds:g} seconds."
            ) from None
        finally:
            gone.set()  # of what is left nothing is decoded

    async def explain(self, item: Item, class_name: str | None) -> Explained:
        """Return a picture under a heat map of what speaks for a class; one is made at a time.

        Args:
            item: The picture.
            class_name: The class; the most probable one by default.

        Raises:
            Problem: Too many wait already, or it took too long.
            ImageError: The picture cannot be read.
            UsageError: There is no such class.
        """
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                (found,) = await self._explainer.ask([(item, class_name)])
        except TimeoutError:
            raise Overloaded("The heat map was not there in time.") from None
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Answer what waits, and end."""
        self._batcher.close()
        self._explainer.close()
        if self.keeper is not None:
            self.keeper.close()

    def _explain(self, jobs: Sequence[tuple[Item, str | None]]) -> list[Explained]:
        return [explain_item(self.loaded, *job, self._limits.pixels) for job in jobs]

    def _answer(self, jobs: Sequence[Job]) -> list[Answered | Exception]:
        """Return the answers to a batch, each as its wish is; called by several threads."""
        self._batches.observe(len(jobs))
        loaded = self.loaded
        spec = loaded.predictor.manifest.image
        items: list[Item] = []
        looks: list[Pixels] = []
        for job in jobs:
            content = self._fit(job, spec)
            if job.wish.is_usual and isinstance(content, Fitted):
                looks.append(content.pixels)
            items.append(Item(job.item.name, content))
        groups: dict[tuple[bool, float | None], list[int]] = {}
        for place, (job, item) in enumerate(zip(jobs, items, strict=True)):
            if item.content is not NOBODY:
                groups.setdefault((job.wish.always_answer, job.wish.risk), []).append(place)
        answers: dict[int, Answered | Exception] = dict.fromkeys(range(len(jobs)), NOBODY)
        for places in groups.values():
            answers |= _answer_alike(loaded, [jobs[p].wish for p in places], items, places)
        found = [answers[place] for place in range(len(jobs))]
        measured = max(1, MEASURED_PIXELS // (spec.height * spec.width))
        self._note(loaded, jobs, found, looks[:measured])
        return [_cut(answer, job.wish.top) for answer, job in zip(found, jobs, strict=True)]

    def _fit(self, job: Job, spec: ImageSpec) -> Fitted | ImageError:
        """Return a job's picture as the network sees it, or why there is none."""
        if job.gone.is_set():
            return NOBODY
        try:
            return Fitted(decode_item(job.item, spec, self._limits.pixels))
        except ImageError as error:
            return error

    def _note(
        self,
        loaded: Loaded,
        jobs: Sequence[Job],
        answers: Sequence[Answered | Exception],
        looks: list[Pixels],
    ) -> None:
        """Count the answers, and remember what they and their pictures are like."""
        usual: list[Prediction] = []
        for job, answer in zip(jobs, answers, strict=True):
            if isinstance(answer, Exception):
                continue
            said = answer.prediction
            self._metrics.answers.labels(self.name, said.verdict).inc()
            if job.wish.is_usual:
                usual.append(said)
                content = job.item.content
                if said.verdict == "unsure" and self.keeper and isinstance(content, bytes):
                    self.keeper.offer(content, said)
        measured = measure_light(np.stack(looks)) if looks else np.empty((0, 3), np.float32)
        loaded.drift.note(usual, measured)


def _answer_alike(
    loaded: Loaded, wishes: Sequence[Wish], items: Sequence[Item], places: Sequence[int]
) -> dict[int, Answered | Exception]:
    """Return the answers about the items at some places, whose wishes differ in `top` alone.

    Each names as many classes as the longest, and two at least, which the keeper needs.
    """
    first = wishes[0]
    try:
        found = loaded.predictor.predict_items(
            [items[place] for place in places],
            top=max(2, *(wish.top for wish in wishes)),
            always_answer=first.always_answer,
            risk=first.risk,
            threads=1,
        )
        return {
            place: Answered(answer, loaded) for place, answer in zip(places, found, strict=True)
        }
    except Exception as error:  # noqa: BLE001 - it concerns these alone, not the whole batch
        return dict.fromkeys(places, error)


def _cut(answer: Answered | Exception, top: int) -> Answered | Exception:
    if isinstance(answer, Exception) or len(answer.prediction.choices) <= top:
        return answer
    choices = answer.prediction.choices[:top]
    return Answered(answer.prediction.model_copy(update={"choices": choices}), answer.loaded)


def _raised(answer: Answered | Exception) -> Answered:
    if isinstance(answer, TellapartError):
        raise Problem(status_of(answer), str(answer)) from answer
    if isinstance(answer, Exception):
        raise answer
    return answer
