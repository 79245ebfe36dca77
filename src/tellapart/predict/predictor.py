"""The predictor: paths, bytes, pictures or arrays in, ranked class names out."""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from tellapart.bundle import Bundle
from tellapart.data.rows import Rows
from tellapart.errors import UsageError
from tellapart.images.arrays import Pixels
from tellapart.manifest import Manifest
from tellapart.predict.answering import Answering
from tellapart.predict.golden import GoldenReplay, replay
from tellapart.predict.inputs import Item, check_fitting, is_single, items_of
from tellapart.predict.onnx_runtime import ONNX
from tellapart.predict.page import Page
from tellapart.predict.prediction import Prediction
from tellapart.predict.runtimes import Answers, KerasRuntime, Runtime
from tellapart.predict.stream import answer_pages
from tellapart.verdicts import Verdicts

if TYPE_CHECKING:
    from tellapart.explain.explainer import Explainer


class Predictor:
    """A trained classifier, ready to answer.

    Args:
        bundle: What it consists of.
        runtime: What executes its network.
        open_network: Builds the `keras.Model`, where another runtime than Keras executes it.
    """

    def __init__(
        self, bundle: Bundle, runtime: Runtime, open_network: Callable[[], Any] | None = None
    ) -> None:
        self._bundle, self._runtime, self._open_network = bundle, runtime, open_network
        self._answering = Answering(bundle, runtime)

    @property
    def manifest(self) -> Manifest:
        """Return everything in the bundle that is not an array."""
        return self._bundle.manifest

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the classes, in the order of the probabilities."""
        return self.manifest.class_names

    @property
    def runtime(self) -> Literal["keras", "onnx"]:
        """Return what executes the network."""
        return "keras" if isinstance(self._runtime, KerasRuntime) else ONNX

    @cached_property
    def network(self) -> Any:
        """Return the plain `keras.Model`.

        Where ONNX Runtime answers, it is built when it is first asked for, and changes in it
        change no answer; open the bundle with a `backend` of Keras for that.

        Raises:
            UsageError: Keras is not installed, or the bundle was opened to run without it.
            TrustError: The network is its maker's own, and the bundle was opened without trust.
        """
        if isinstance(self._runtime, KerasRuntime):
            return self._runtime.network
        if self._open_network:
            return self._open_network()
        raise UsageError("Without Keras there is no keras.Model. Fix: backend='tensorflow'")

    def predict(
        self,
        images: Any,
        *,
        top: int = 3,
        always_answer: bool = False,
        risk: float | None = None,
    ) -> Any:
        """Return the answer about one picture, or a list of answers about several.

        Args:
            images: A path, bytes, a PIL image, an array, or several of them. Arrays are uint8,
                0–255: `(h, w)`, `(h, w, 1 or 3)`, `(n, h, w)` or `(n, h, w, c)`.
            top: How many classes to name, best first.
            always_answer: Give a label to every picture, however unsure.
            risk: Accept this share of wrong labels, instead of what the recipe says.

        Returns:
            A `Prediction` for one picture; a list of them for several. Among several, one
            that cannot be read has `error` set and the others are answered.

        Raises:
            ImageError: The one picture cannot be read.
            UsageError: `images` is nothing that is taken, or `risk` cannot be promised.
        """
        spec = self.manifest.image
        single, items = is_single(images, spec), items_of(images, spec)
        found = self.predict_items(
            items, top=top, strict=single, always_answer=always_answer, risk=risk
        )
        return next(found) if single else list(found)

    def predict_items(
        self,
        items: Iterable[Item],
        *,
        top: int = 3,
        strict: bool = False,
        always_answer: bool = False,
        risk: float | None = None,
        threads: int | None = None,
    ) -> Iterator[Prediction]:
        """Yield the answer about each item, in order, reading a batch at a time.

        Args:
            items: What to answer about.
            top: As for `pages`.
            strict: Raise instead of yielding an error row.
            always_answer: As for `pages`.
            risk: As for `pages`.
            threads: As for `pages`.

        Raises:
            ImageError: `strict`, and a picture cannot be read.
            UsageError: `top` is below 1, or `risk` cannot be promised.
        """
        pages = self.pages(items, top=top, always_answer=always_answer, risk=risk, threads=threads)
        for page in pages:
            if strict and page.errors:
                raise next(iter(page.errors.values()))
            yield from page.predictions()

    def pages(
        self,
        items: Iterable[Item],
        *,
        top: int = 3,
        always_answer: bool = False,
        risk: float | None = None,
        cut: int | None = None,
        threads: int | None = None,
    ) -> Iterator[Page]:
        """Yield the answers about all items, in order, as arrays.

        Args:
            items: What to answer about.
            top: How many classes to name, at least 1.
            always_answer: Give a label to every picture, however unsure.
            risk: Accept this share of wrong labels, instead of what the recipe says.
            cut: Each so manieth item begins a page.
            threads: That decode; by default one for each processor, and none for a few.

        Raises:
            UsageError: `top` is below 1, or `risk` cannot be promised.
        """
        if top < 1:
            raise UsageError(f"`top` must be at least 1. Received: {top}.")
        answering = self._answering.with_wishes(risk, always_answer=always_answer)
        return answer_pages(items, answering, self.manifest.image, top, cut=cut, threads=threads)

    def probabilities(self, pixels: Pixels | Rows) -> NDArray[np.float32]:
        """Return `(n, classes)` for pixels that already fit: `(n, h, w, c)`, uint8.

        Raises:
            UsageError: They have another shape or type.
        """
        check_fitting(pixels, self.manifest.image)
        return self._runtime.probabilities(pixels)

    def judge(
        self, pixels: Pixels | Rows, *, always_answer: bool = False, risk: float | None = None
    ) -> tuple[Answers, Verdicts | None]:
        """Return what the network says of pixels that already fit, and the verdicts on them.

        Args:
            pixels: `(n, h, w, c)`, uint8.
            always_answer: Give a label to every picture, however unsure.
            risk: Accept this share of wrong labels, instead of what the recipe says.

        Returns:
            Probabilities and features; verdicts, or `None` for a bundle without rules.

        Raises:
            UsageError: They have another shape or type, or `risk` cannot be promised.
        """
        check_fitting(pixels, self.manifest.image)
        return self._answering.with_wishes(risk, always_answer=always_answer).judge(pixels)

    def explain(
        self,
        images: Any,
        *,
        method: str | None = None,
        class_name: str | None = None,
        check: bool = True,
    ) -> Any:
        """Return which pixels of a picture speak for a class, or a list for several pictures.

        Args:
            images: What `predict` takes.
            method: "cam", "grad-cam", "hires-cam" or "occlusion"; by default occlusion for
                pictures of up to 64×64 pixels, else cam or hires-cam, as the network allows.
            class_name: The class that is asked about; the most probable one by default.
            check: Find out whether the map means anything, by some 640 questions.

        Returns:
            An `Explanation` for one picture; a list of them for several.

        Raises:
            ImageError: A picture cannot be read.
            UsageError: There is no such method or class.
            ModelError: The network does not allow the method.
        """
        spec = self.manifest.image
        found = [
            self.explainer.explain(
                item.name,
                item.pixels(spec),
                item.shown(spec),
                method=method,
                class_name=class_name,
                check=check,
            )
            for item in items_of(images, spec)
        ]
        return found[0] if is_single(images, spec) else found

    @cached_property
    def explainer(self) -> "Explainer":
        """Return what explains one picture after another; made when it is first asked for."""
        from tellapart.explain.explainer import Explainer

        return Explainer(
            self.probabilities,
            self.class_names,
            self.manifest.image,
            self.network if self.runtime != ONNX else None,
            self.manifest.architecture.output,
            (lambda: self.network) if self._open_network else None,
        )

    def replay_golden(self) -> GoldenReplay:
        """Ask for the golden examples again and compare."""
        return replay(self._bundle.golden, self.probabilities)

    @override
    def __repr__(self) -> str:
        """Return what a person wants to see at a prompt."""
        scores = self.manifest.scores
        score = f", test accuracy {scores.accuracy:.2%}" if scores else ""
        return (
            f"classifier of {len(self.class_names)} classes, trained on {self.manifest.data.name}"
            f"{score}: {', '.join(self.class_names)}"
        )
